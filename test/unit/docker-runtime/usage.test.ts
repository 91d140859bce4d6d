import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { readCgroupUsage } from '../../../daemon/adapters/docker-runtime/cgroup-usage.ts';
import { DockerRuntime } from '../../../daemon/adapters/docker-runtime/docker-runtime.ts';
import { json, startScriptedEngine } from './scripted-engine.ts';

const ID = 'f00d'.repeat(16);

describe("a container's usage", () => {
  describe('of its cgroup', () => {
    let root: string;
    beforeEach(() => {
      root = mkdtempSync(join(tmpdir(), 'cgroup-'));
    });
    afterEach(() => rmSync(root, { recursive: true }));

    const write = (path: string, text: string) => {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    };
    const read = async () => {
      const usage = await readCgroupUsage(ID, 42, root);
      return usage && { cpuNanos: usage.cpuNanos, memoryBytes: usage.memoryBytes };
    };

    it('is read in version 2, without the files that were read once', async () => {
      const group = `/system.slice/docker-${ID}.scope`;
      write('/proc/42/cgroup', `0::${group}\n`);
      write(`/sys/fs/cgroup${group}/cpu.stat`, 'usage_usec 1500\nuser_usec 1000\nsystem_usec 500\n');
      write(`/sys/fs/cgroup${group}/memory.current`, '5000\n');
      write(`/sys/fs/cgroup${group}/memory.stat`, 'anon 4000\nfile 1000\ninactive_file 700\n');
      assert.deepEqual(await read(), { cpuNanos: 1_500_000, memoryBytes: 4_300 });
    });

    it('is read in version 1, with what lies below the group', async () => {
      const group = `/docker/${ID}`;
      write('/proc/42/cgroup', `5:memory:${group}\n4:cpu,cpuacct:${group}\n1:name=systemd:${group}\n0::/elsewhere\n`);
      write(`/sys/fs/cgroup/cpuacct${group}/cpuacct.usage`, '1500000\n');
      write(`/sys/fs/cgroup/memory${group}/memory.usage_in_bytes`, '5000\n');
      write(`/sys/fs/cgroup/memory${group}/memory.stat`, 'cache 1000\ninactive_file 1\ntotal_inactive_file 700\n');
      assert.deepEqual(await read(), { cpuNanos: 1_500_000, memoryBytes: 4_300 });
    });

    it('is not that of another process with the number', async () => {
      write('/proc/42/cgroup', '5:memory:/user.slice\n4:cpu,cpuacct:/user.slice\n0::/user.slice\n');
      assert.equal(await read(), undefined);
    });

    it('is not there when the container has ended', async () => {
      assert.equal(await read(), undefined);
      write('/proc/42/cgroup', `0::/docker/${ID}\n`);
      assert.equal(await read(), undefined);
    });
  });

  it('is asked of an engine elsewhere, for all containers at once', async () => {
    const engine = await startScriptedEngine();
    const runtime = new DockerRuntime(engine.endpoint);
    const ids = Array.from({ length: 12 }, (_, i) => `${i}`.padStart(64, '0'));
    let waiting: (() => void)[] = [];
    for (const id of ids) {
      engine.answers.set(
        `GET /containers/${id}/json`,
        json(200, { Id: id, State: { Running: true, Pid: process.pid } }),
      );
      engine.answers.set(`GET /containers/${id}/stats`, (response) => {
        waiting.push(() =>
          json(200, {
            read: '2026-01-02T03:04:05.123456789Z',
            cpu_stats: { cpu_usage: { total_usage: 42 } },
            memory_stats: { usage: 5000, stats: { inactive_file: 700 } },
          })(response),
        );
        // As an engine that looks at all containers when the second is over.
        if (waiting.length < ids.length) return;
        for (const answer of waiting) answer();
        waiting = [];
      });
    }
    const used = await runtime.usage(ids);
    assert.deepEqual([...used.keys()].sort(), ids);
    assert.deepEqual(used.get(ids[0] as string), {
      at: Date.UTC(2026, 0, 2, 3, 4, 5, 123),
      cpuNanos: 42,
      memoryBytes: 4_300,
    });
    assert.ok(engine.raw.every(({ url }) => !url.includes('/stats') || url.endsWith('?stream=false&one-shot=true')));
    runtime.close();
    await engine.close();
  });
});
