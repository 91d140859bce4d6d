/**
 * `node hack/hollow/main.ts --kubeconfig FILE --nodes 100`: so many hollow nodes in one process, against the API server that the file
 * names, as kubemark has them. It says every ten seconds how many pods run; started by another process, it answers that over IPC.
 */
import { parseArgs } from 'node:util';
import { createPinoLog } from '../../daemon/adapters/pino-log.ts';
import { systemClock } from '../../daemon/adapters/system-clock.ts';
import { systemRandom } from '../../daemon/adapters/system-random.ts';
import type { ClusterSettings } from '../../daemon/cluster-settings.ts';
import { HollowNodes } from './hollow-nodes.ts';
import { serversIn } from './kubeconfig-access.ts';

const SAY_EVERY_MS = 10_000;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      kubeconfig: { type: 'string' },
      nodes: { type: 'string', default: '100' },
      image: { type: 'string', multiple: true, default: ['app:1'] },
    },
  });
  const { kubeconfig, nodes, image: images } = values;
  if (kubeconfig === undefined || !(Number(nodes) > 0)) {
    process.stderr.write('usage: node hack/hollow/main.ts --kubeconfig FILE [--nodes 100] [--image app:1]...\n');
    return 2;
  }
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'disconnect'] as const) process.once(signal, () => stop.abort());
  const log = await createPinoLog({ format: 'text', level: 'error', target: process.stdout });
  const asking = serversIn(kubeconfig);
  const settings = await asking.json<ClusterSettings>({ path: '/apis/sampan.dev/v1/nodes/hollow/settings' });
  asking.close();

  const connect = () => serversIn(kubeconfig);
  const hollow = new HollowNodes(
    Number(nodes),
    { connect, settings, images },
    { clock: systemClock, random: systemRandom, log },
  );
  process.on('message', () => process.send?.(hollow.report));
  process.send?.('ready');
  const say = setInterval(() => {
    if (process.send === undefined) process.stdout.write(`${JSON.stringify(hollow.report)}\n`);
  }, SAY_EVERY_MS);
  await hollow.run(stop.signal);
  clearInterval(say);
  return 0;
}

process.exitCode = await main();
