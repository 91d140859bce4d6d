import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { withBenchNode } from './bench-node.ts';
import { untilGone } from './deploy.ts';
import { folderIn, serviceOf } from './manifests.ts';

const st = (pid: number) =>
  readFileSync(`/proc/${pid}/status`, 'utf8')
    .match(/VmHWM:.*|VmRSS:.*|RssAnon:.*|RssFile.*/g)!
    .join(' ')
    .replace(/\s+/g, ' ');
await withBenchNode(async (node) => {
  const place = await folderIn(await node.bed.dir());
  for (const opt of process.argv.slice(2)) {
    const sampan = await node.bed.sampan(node.dockerd, {
      sources: [place.location],
      env: { NODE_COMPILE_CACHE: '/tmp/sampan-bench-node', ...(opt && { NODE_OPTIONS: opt }) },
    });
    const W = { name: 'ten', replicas: 50, clusterIP: '10.96.77.10' };
    await delay(1000);
    console.log(opt, 'start', st(sampan.process.pid));
    const t0 = performance.now();
    await place.declare(W);
    await node.containers.until(`pods to run`, () => node.containers.named('k8s_app_ten').length === 50);
    const t1 = performance.now();
    for (let i = 0; i < 4; i++) {
      await delay(6000);
      console.log((t1 - t0).toFixed(0), st(sampan.process.pid));
    }
    console.log('cpu', readFileSync(`/proc/${sampan.process.pid}/stat`, 'utf8').split(' ').slice(13, 17).join(' '));
    await place.withdraw(W);
    await untilGone(node, sampan, W);
    await sampan.stop();
    console.log(
      readFileSync(sampan.logFile, 'utf8')
        .split('\n')
        .filter((l) => / ms: /.test(l))
        .slice(-14)
        .join('\n'),
    );
  }
});
