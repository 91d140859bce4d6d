/** The Docker adapter keeps the contract of container runtimes, on a real engine in a network namespace of its own. */
import assert from 'node:assert/strict';
import { readlinkSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readCgroupUsage } from '../../daemon/adapters/docker-runtime/cgroup-usage.ts';
import { type ContainerStats, toUsage } from '../../daemon/adapters/docker-runtime/container-stats.ts';
import { DockerRuntime } from '../../daemon/adapters/docker-runtime/docker-runtime.ts';
import type { ContainerSpec, PullProgress } from '../../reconcilers/ports/container-runtime.ts';
import type { Dockerd } from '../e2e/harness/dockerd.ts';
import { eventually } from '../e2e/harness/eventually.ts';
import { run } from '../e2e/harness/run.ts';
import { useTestBed } from '../e2e/harness/test-bed.ts';
import { containerRuntimeContract } from './container-runtime.ts';

const registryProgram = join(import.meta.dirname, 'container-runtime-registry.ts');

describe('container runtime: Docker', function () {
  this.timeout(60_000);
  const bed = useTestBed();
  let dockerd: Dockerd;
  let runtime: DockerRuntime;
  const shell = (script: string) => ({ image: 'sampan/busybox:1', cmd: ['sh', '-c', script] });

  before('a Docker engine', async () => {
    dockerd = await bed.dockerd(await bed.netns(), { bridge: true });
    runtime = new DockerRuntime(dockerd.host);
  });
  after('its connections', () => runtime?.close());

  let archives = 0;
  /** A new one each time, so that each image has an id of its own. */
  const imageArchive = async () => {
    const folder = await bed.dir();
    await writeFile(join(folder, 'content'), `${++archives}`);
    await run('tar', ['-C', folder, '-cf', join(folder, 'image.tar'), 'content']);
    return join(folder, 'image.tar');
  };

  const untilStopped = 'trap "exit 0" TERM; while :; do sleep 0.05; done';
  containerRuntimeContract(() => ({
    runtime,
    server: { image: 'sampan/pause:1' },
    stubborn: shell('trap "" TERM; while :; do sleep 1; done'),
    failing: shell('exit 3'),
    talking: shell(`echo one; echo two; echo oops >&2; ${untilStopped}`),
    busy: shell('while :; do :; done'),
    broken: { image: 'sampan/busybox:1', cmd: ['/nope'] },
    // The shell gives a program in the background no stdin; it is kept as 3.
    tools: shell(`exec 3<&0; nc -ll -p 7 -e cat & cat <&3 & ${untilStopped}`),
    reader: { image: 'sampan/busybox:1', cmd: ['cat'] },
    commands: {
      copy: ['cat'],
      fail: ['sh', '-c', 'echo out; echo err >&2; exit 3'],
      stay: ['sh', '-c', 'sleep 1000 & wait; exit'],
      size: ['sh', '-c', 'read line; stty size'],
    },
    countStaying: async (id) => {
      const listed = await dockerd.cli('top', id, '-eo', 'pid,args');
      const found = listed.split('\n').filter((line) => line.includes('sleep 1000'));
      return found.length / 2; // the shell and its child
    },
    build: async (name) => {
      await dockerd.cli('import', await imageArchive(), name);
    },
    tag: async (name, other) => {
      await dockerd.cli('tag', name, other);
    },
    stopEngine: () => dockerd.stop(),
    startEngine: () => dockerd.start(),
  }));

  describe('of Docker alone', () => {
    const made: string[] = [];
    afterEach(() => Promise.all(made.splice(0).map((id) => runtime.remove(id))));

    const ON_BRIDGE = { network: { kind: 'network', name: 'bridge' } } as const;
    /** On the engine's own network without a word: Docker starts that three times as fast. */
    const start = async (spec: Partial<ContainerSpec>): Promise<string> => {
      const network = { kind: 'host' } as const;
      const id = await runtime.create({ name: `d${made.length}`, image: '', labels: {}, network, ...spec });
      made.push(id);
      await runtime.start(id);
      return id;
    };
    const output = async (id: string): Promise<string> => {
      const { signal } = new AbortController();
      let text = '';
      for await (const { data } of runtime.logs(id, { follow: true, timestamps: false }, signal)) {
        text += Buffer.from(data).toString();
      }
      return text;
    };

    it('knows the default network', async () => {
      const network = await runtime.network('bridge');
      assert.equal(network?.bridge, 'docker0');
      assert.match(network?.subnet ?? '', /^\d+\.\d+\.\d+\.\d+\/\d+$/);
    });

    it('shares the address of the container that is joined', async () => {
      const sandbox = await start({ image: 'sampan/pause:1', ...ON_BRIDGE });
      const app = await start({ ...shell('ip -4 -o address show eth0'), network: { kind: 'container', id: sandbox } });
      const ip = (await runtime.inspect(sandbox))?.ip;
      assert.ok(ip && (await output(app)).includes(`inet ${ip}/`));
    });

    it('shows the processes of the container that is joined, and no others', async () => {
      const target = await start(shell('exec sleep 54321'));
      // A pattern that does not find itself.
      const isSeen = 'grep -q "[5]4321" /proc/1/cmdline';
      const look = shell(`until ${isSeen}; do sleep 0.05; done; echo seen`);
      assert.equal(await output(await start({ ...look, pidOf: target })), 'seen\n');
      assert.equal(await output(await start(shell(`${isSeen} || echo unseen`))), 'unseen\n');
    });

    it('gives and takes capabilities', async () => {
      const effective = async (capabilities: ContainerSpec['capabilities'] = {}) => {
        const text = await output(await start({ ...shell('grep CapEff /proc/self/status'), capabilities }));
        return BigInt(`0x${text.trim().split(/\s+/)[1]}`);
      };
      const [CHOWN, SYS_PTRACE] = [1n << 0n, 1n << 19n];
      const plain = await effective();
      assert.equal(await effective({ add: ['SYS_PTRACE'], drop: ['CHOWN'] }), (plain | SYS_PTRACE) & ~CHOWN);
    });

    describe('security', () => {
      /** `Uid: 0 0 0 0` and the like of a process in such a container. */
      const statusOf = async (spec: Partial<ContainerSpec> = {}) => {
        const lines = (await output(await start({ ...shell('cat /proc/self/status'), ...spec }))).split('\n');
        return new Map(lines.map((line) => line.split(':\t') as [string, string]));
      };

      it('is that of the user and the groups', async () => {
        const status = await statusOf({ user: '1000:3000', groups: [4000, 5000] });
        assert.match(status.get('Uid') ?? '', /^1000\t/);
        assert.match(status.get('Gid') ?? '', /^3000\t/);
        assert.equal(status.get('Groups')?.trim(), '3000 4000 5000');
      });

      it('is filtered by the seccomp profile that is asked for', async () => {
        const file = join(await bed.dir(), 'no-chmod.json');
        const rule = { names: ['chmod', 'fchmodat'], action: 'SCMP_ACT_ERRNO' };
        await writeFile(file, JSON.stringify({ defaultAction: 'SCMP_ACT_ALLOW', syscalls: [rule] }));
        const change = shell('touch /x && chmod 600 /x');
        assert.match(await output(await start({ ...change, security: { seccomp: { file } } })), /not permitted/);
        assert.equal((await statusOf()).get('Seccomp'), '2');
        assert.equal((await statusOf({ security: { seccomp: 'unconfined' } })).get('Seccomp'), '0');
        const missing = start({ ...change, security: { seccomp: { file: `${file}.not` } } });
        await assert.rejects(missing, {
          code: 'ContainerRefused',
          message: /cannot load seccomp profile .*no such file/,
        });
      });

      it('lets nobody gain privileges', async () => {
        assert.equal((await statusOf()).get('NoNewPrivs'), '0');
        assert.equal((await statusOf({ security: { noNewPrivileges: true } })).get('NoNewPrivs'), '1');
      });

      it('keeps the root of the file system as it is, and unmasks /proc', async () => {
        const write = shell('touch /x');
        assert.equal(await output(await start(write)), '');
        assert.match(
          await output(await start({ ...write, security: { readOnlyRoot: true } })),
          /Read-only file system/,
        );
        const masks = shell('grep -c " /proc/" /proc/mounts');
        assert.notEqual(await output(await start(masks)), '0\n');
        assert.equal(await output(await start({ ...masks, security: { unmaskedProc: true } })), '0\n');
      });

      it('sets kernel parameters of its own namespaces, and shares IPC and processes of the machine', async () => {
        const read = shell(
          'cat /proc/sys/net/ipv4/ip_unprivileged_port_start; readlink /proc/self/ns/ipc; readlink /proc/self/ns/pid',
        );
        const own = (await output(await start({ ...read, ...ON_BRIDGE }))).split('\n');
        const sysctls = { 'net.ipv4.ip_unprivileged_port_start': '81' };
        const spec = { ...read, ...ON_BRIDGE, sysctls, ipc: 'host', hostProcesses: true } as const;
        const [first, ...namespaces] = (await output(await start(spec))).trim().split('\n');
        assert.equal(first, '81');
        assert.notEqual(own[0], '81');
        assert.deepEqual(namespaces, [readlinkSync('/proc/self/ns/ipc'), readlinkSync('/proc/self/ns/pid')]);
      });
    });

    it('passes environment, working directory, hostname and command on', async () => {
      const id = await start({
        ...shell('echo $GREETING $PWD $(hostname)'),
        env: [{ name: 'GREETING', value: 'a=b c' }],
        workingDir: '/bin',
        hostname: 'box',
      });
      assert.equal(await output(id), 'a=b c /bin box\n');
      const replaced = await start({ image: 'sampan/busybox:1', entrypoint: ['echo', 'only'] });
      assert.equal(await output(replaced), 'only\n');
    });

    it('reads the log of a terminal', async () => {
      assert.equal(await output(await start({ ...shell('echo out; echo err >&2'), tty: true })), 'out\r\nerr\r\n');
    });

    it('limits memory, says when that killed the container, and passes cpu limits on', async () => {
      const resources = { memoryBytes: 8 * 2 ** 20, cpuShares: 102, cpuQuota: 50_000 };
      const id = await start({ ...shell('x=a; while :; do x=$x$x; done'), resources });
      // containerd reports the exit and its cause apart, in either order.
      await eventually(async () => (await runtime.inspect(id))?.oomKilled, {
        describe: 'the container to be killed for its memory',
        timeoutMs: 30_000,
      });
      const format =
        '{{.HostConfig.Memory}} {{.HostConfig.MemorySwap}} {{.HostConfig.CpuShares}} {{.HostConfig.CpuQuota}}';
      const limits = await dockerd.cli('inspect', '--format', format, id);
      assert.equal(limits.trim(), `${8 * 2 ** 20} ${8 * 2 ** 20} 102 50000`);
    });

    it('rotates logs and never restarts a container on its own', async () => {
      const id = await start({ image: 'sampan/pause:1' });
      const format = '{{json .HostConfig.LogConfig}} {{.HostConfig.RestartPolicy.Name}}';
      const config = await dockerd.cli('inspect', '--format', format, id);
      assert.equal(config.trim(), '{"Type":"json-file","Config":{"max-file":"5","max-size":"10m"}} no');
    });

    it('publishes ports of the host', async () => {
      const portBindings = [{ containerPort: 7, protocol: 'TCP', hostPort: 7007 }] as const;
      await start({ ...shell('nc -l -p 7 -e cat'), ...ON_BRIDGE, portBindings });
      await eventually(async () => (await dockerd.netns.exchange('127.0.0.1', 7007, 'hello')) === 'hello\n', {
        describe: 'the published port to answer',
      });
    });

    it('has an image in use that another one was built on', async () => {
      const folder = await bed.dir();
      await writeFile(join(folder, 'Dockerfile'), 'FROM base:1\nENV A=B\n');
      await dockerd.cli('import', await imageArchive(), 'base:1');
      const id = (await runtime.image('base:1'))?.id ?? '';
      assert.equal((await runtime.imagesInUse()).has(id), false);
      await dockerd.cli('build', '--tag', 'built:1', folder);
      assert.equal((await runtime.imagesInUse()).has(id), true);
    });

    it('pulls from a registry, tells how far it is, and of the new image', async () => {
      const log = join(await bed.dir(), 'registry.log');
      const registry = await dockerd.netns.start(process.execPath, [registryProgram], log);
      await eventually(() => registry.readLog().includes('listening'), { describe: 'the registry' });
      const controller = new AbortController();
      const told: string[] = [];
      const reading = (async () => {
        for await (const { type } of runtime.events('x', controller.signal)) told.push(type);
      })();
      await eventually(() => told.includes('listening'), { describe: 'the event stream' });

      const reference = '127.0.0.1:5000/tiny:1';
      const progress: PullProgress[] = [];
      const image = await runtime.pull(reference, (now) => progress.push(now), controller.signal);
      assert.ok(image.names.includes(reference) && image.sizeBytes > 1_000_000);
      const { isNew, ...record } = image;
      assert.equal(isNew, true);
      assert.deepEqual(await runtime.image(reference), record);
      assert.equal((await runtime.pull(reference, () => {}, controller.signal)).isNew, false);
      const last = progress.at(-1);
      assert.ok(last && last.total > 1_000_000 && last.current === last.total, JSON.stringify(last));
      await eventually(() => told.includes('image'), { describe: 'the event of the image' });
      controller.abort();
      await reading;

      const missing = runtime.pull('127.0.0.1:5000/tiny:2', () => {}, new AbortController().signal);
      await assert.rejects(missing, { code: 'ImagePullFailed', message: /manifest .*unknown/ });
      await registry.stop();
    });

    it('reads from the cgroup what Docker counts', async () => {
      const id = await start(shell('i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; sleep 1000'));
      await eventually(async () => ((await runtime.usage([id])).get(id)?.cpuNanos ?? 0) > 20e6, {
        describe: 'its work',
      });
      const path = `/containers/${id}/stats?stream=false&one-shot=true`;
      const counted = toUsage(await dockerd.api.send<ContainerStats>({ path }));
      const { State } = await dockerd.api.send<{ State: { Pid: number } }>({ path: `/containers/${id}/json` });
      const read = await readCgroupUsage(id, State.Pid);
      assert.ok(counted && read && Math.abs(read.at - counted.at) < 5_000);
      assert.ok(read.cpuNanos >= counted.cpuNanos && read.memoryBytes > 0, JSON.stringify({ counted, read }));
      assert.ok(Math.abs(read.memoryBytes - counted.memoryBytes) < 2 ** 20, JSON.stringify({ counted, read }));
      assert.equal(await readCgroupUsage(id, process.pid), undefined);
    });

    it('refuses what Docker refuses, with its sentence', async () => {
      const spec = {
        ...shell('true'),
        name: 'tiny',
        labels: {},
        network: { kind: 'host' },
        resources: { memoryBytes: 1 },
      } as const;
      await assert.rejects(runtime.create(spec), { code: 'ContainerRefused', message: /[Mm]inimum memory limit/ });
    });
  });
});
