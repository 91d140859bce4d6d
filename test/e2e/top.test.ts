/** `kubectl top` on a real daemon: what it prints of containers whose use of a core and of memory is known. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type DaemonKubectl, daemonKubectl } from './harness/daemon-kubectl.ts';
import type { Dockerd } from './harness/dockerd.ts';
import { eventually } from './harness/eventually.ts';
import type { Sampan } from './harness/sampan.ts';
import { useTestBed } from './harness/test-bed.ts';

// A quarter of a core, and a buffer of 20 Mi that nobody takes; and beside them one that does nothing.
const PODS = `apiVersion: v1
kind: Pod
metadata: { name: busy, labels: { app: busy } }
spec:
  containers:
    - name: burner
      image: sampan/busybox:1
      command: [sh, -c, "while :; do :; done"]
      resources: { limits: { cpu: 250m } }
    - name: holder
      image: sampan/busybox:1
      command: [sh, -c, "dd if=/dev/zero bs=20M | sleep 100000"]
---
apiVersion: v1
kind: Pod
metadata: { name: idle, labels: { app: idle } }
spec:
  containers: [{ name: idle, image: "sampan/busybox:1", command: [sleep, "100000"] }]
`;

describe('kubectl top', function () {
  this.timeout(60_000);
  const bed = useTestBed();
  let dockerd: Dockerd;
  let sampan: Sampan;

  before('the daemon with two pods', async () => {
    const dir = await bed.dir();
    await writeFile(join(dir, 'pods.yaml'), PODS);
    dockerd = await bed.dockerd(await bed.netns());
    sampan = await bed.sampan(dockerd, { sources: [dir] });
    await eventually(
      async () => {
        const pods = await sampan.api.list('/api/v1/namespaces/default/pods');
        return pods.length === 2 && pods.every(({ status }) => status.phase === 'Running');
      },
      { describe: 'both pods to run', timeoutMs: 30_000 },
    );
  });

  const millicores = (text: string | undefined) => Number(/^(\d+)m$/.exec(text ?? '')?.[1]);
  const mebibytes = (text: string | undefined) => Number(/^(\d+)Mi$/.exec(text ?? '')?.[1]);

  for (const version of ['1.27', '1.30', '1.33'] as const) {
    describe(version, () => {
      let kubectl: DaemonKubectl;
      before(async function () {
        const found = daemonKubectl(version, { netns: dockerd.netns, sampan, home: await bed.dir() });
        if (found === undefined) this.skip();
        kubectl = found;
      });
      const rows = async (...args: string[]) => {
        const lines = (await kubectl.run('top', ...args)).trimEnd().split('\n');
        return lines.map((line) => line.trim().split(/\s+/));
      };

      it('shows what the machine uses', async () => {
        const [header, node, ...others] = await rows('node');
        assert.match(header?.join(' ') ?? '', /^NAME CPU\(cores\) CPU[(]?%[)]? MEMORY\(bytes\) MEMORY[(]?%[)]?$/);
        assert.deepEqual(others, []);
        const nodes = await sampan.api.list('/api/v1/nodes');
        assert.equal(node?.[0], nodes[0]?.metadata.name);
        assert.ok(millicores(node?.[1]) >= 200 && mebibytes(node?.[3]) > 20, String(node));
        assert.match(node?.[4] ?? '', /^\d+%$/);
      });

      it('describes the machine: under no pressure, as it measures itself', async () => {
        const text = await kubectl.run('describe', 'node');
        for (const line of [
          /^ {2}MemoryPressure +False .* +KubeletHasSufficientMemory +kubelet has sufficient memory available$/m,
          /^ {2}DiskPressure +(False|True) .* +KubeletHas(No)?DiskPressure +kubelet has (no )?disk pressure$/m,
          /^ {2}PIDPressure +False .* +KubeletHasSufficientPID +kubelet has sufficient PID available$/m,
          /^ {2}Ready +True .* +KubeletReady +kubelet is posting ready status$/m,
        ]) {
          assert.match(text, line);
        }
      });

      it('shows what pods use, the busiest first', async () => {
        const [header, first, second] = await rows('pod', '-A', '--sort-by=cpu');
        assert.deepEqual(header, ['NAMESPACE', 'NAME', 'CPU(cores)', 'MEMORY(bytes)']);
        assert.deepEqual(
          [first?.slice(0, 2), second?.slice(0, 2)],
          [
            ['default', 'busy'],
            ['default', 'idle'],
          ],
        );
        assert.ok(millicores(first?.[2]) >= 100 && millicores(first?.[2]) <= 350, String(first));
        assert.ok(mebibytes(first?.[3]) >= 15 && mebibytes(first?.[3]) <= 60, String(first));
        assert.ok(millicores(second?.[2]) <= 50, String(second));
      });

      it('shows what each container uses', async () => {
        const [header, ...found] = await rows('pod', 'busy', '--containers');
        assert.deepEqual(header, ['POD', 'NAME', 'CPU(cores)', 'MEMORY(bytes)']);
        const of = (name: string) => found.find((row) => row[1] === name);
        assert.ok(millicores(of('burner')?.[2]) >= 100, String(found));
        assert.ok(mebibytes(of('holder')?.[3]) >= 15, String(found));
        assert.ok(mebibytes(of('burner')?.[3]) < 15, String(found));
      });

      it('selects by label, and says what it does not find', async () => {
        assert.deepEqual(
          (await rows('pod', '-l', 'app=idle', '--no-headers')).map(([name]) => name),
          ['idle'],
        );
        const missing = await kubectl.attempt('top', 'pod', 'nobody');
        assert.deepEqual([missing.code, /pods "nobody" not found/.test(missing.stderr)], [1, true], missing.stderr);
      });
    });
  }
});
