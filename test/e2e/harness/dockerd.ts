/**
 * A Docker engine of a test's own inside a network namespace, beside whatever else runs on the machine: own containerd, data,
 * sockets, cgroups and firewall. The test bed starts it; it never uses the machine's containerd or Docker.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type BackgroundProcess, lastLines } from './background-process.ts';
import { copyImages } from './engine-images.ts';
import { eventually } from './eventually.ts';
import type { Netns } from './netns.ts';
import { run } from './run.ts';
import type { Scope } from './scope.ts';
import { type SocketClient, socketClient } from './socket-request.ts';

export interface DockerdOptions {
  /** Docker's default network `docker0`; networks that are created by name work without it. */
  readonly bridge?: boolean;
  /** Further flags of dockerd, such as `--live-restore`. */
  readonly args?: readonly string[];
}

export interface Dockerd {
  readonly netns: Netns;
  /** For $DOCKER_HOST and --docker-host. */
  readonly host: string;
  readonly socketPath: string;
  /** The raw Docker API. */
  readonly api: SocketClient;
  readonly logFile: string;
  readonly process: BackgroundProcess;
  readonly dataRoot: string;
  /** Ends dockerd but leaves containerd, as a restart of Debian's docker.service does. */
  stop(signal?: NodeJS.Signals): Promise<void>;
  /** Starts it again on the same data; resolves when it answers. */
  start(): Promise<void>;
  /** The docker command line on this engine; gives what it printed. */
  cli(...args: string[]): Promise<string>;
}

/** Parts of containerd that Docker does not use, or that look for what no test machine has. */
const unusedPlugins = ['cri', 'btrfs', 'zfs', 'aufs', 'devmapper'].flatMap((name) =>
  ['grpc', 'snapshotter'].map((type) => `io.containerd.${type}.v1.${name}`),
);

/** Starts one and resolves when it answers; throws with the end of its log when it does not. */
export async function startDockerd(
  scope: Scope,
  netns: Netns,
  name: string,
  options: DockerdOptions = {},
): Promise<Dockerd> {
  const dir = await scope.createDir(name);
  const socketPath = join(dir, 'docker.sock');
  const host = `unix://${socketPath}`;
  const logFile = join(dir, 'dockerd.log');
  const api = socketClient(socketPath);
  const dataRoot = join(dir, 'data');
  await Promise.all([startContainerd(netns, dir), copyImages(dataRoot)]);

  const flags = [
    `--host=${host}`,
    `--data-root=${dataRoot}`,
    `--exec-root=${join(dir, 'exec')}`,
    `--pidfile=${join(dir, 'docker.pid')}`,
    `--containerd=${join(dir, 'containerd.sock')}`,
    `--cgroup-parent=/${scope.nameFor(name)}`,
    '--exec-opt=native.cgroupdriver=cgroupfs',
    '--default-address-pool=base=172.30.0.0/16,size=24',
    ...(options.bridge ? [] : ['--bridge=none']),
    ...(options.args ?? []),
  ];
  let daemon: BackgroundProcess;
  const start = async (): Promise<void> => {
    const started = await netns.start('dockerd', flags, logFile);
    daemon = started;
    await eventually(() => !started.running || api.send({ path: '/_ping' }).then(() => true), {
      describe: 'dockerd to answer',
      timeoutMs: 30_000,
    }).catch((cause: unknown) => {
      throw new Error(`dockerd does not answer:\n${lastLines(logFile)}`, { cause });
    });
    if (!started.running) throw new Error(`dockerd did not start:\n${lastLines(logFile)}`);
  };
  await start();

  return {
    netns,
    host,
    socketPath,
    api,
    logFile,
    get process() {
      return daemon;
    },
    dataRoot,
    start,
    stop: (signal) => daemon.stop(signal, 30_000),
    cli: (...args) => run('docker', ['--host', host, ...args]),
  };
}

async function startContainerd(netns: Netns, dir: string): Promise<void> {
  const config = join(dir, 'containerd.toml');
  const state = join(dir, 'containerd');
  await mkdir(state);
  await writeFile(
    config,
    `version = 2
root = "${join(state, 'root')}"
state = "${join(state, 'state')}"
disabled_plugins = ${JSON.stringify(unusedPlugins)}
[grpc]
  address = "${join(dir, 'containerd.sock')}"
[plugins."io.containerd.internal.v1.opt"]
  path = "${join(state, 'opt')}"
`,
  );
  await netns.start('containerd', ['--config', config], join(dir, 'containerd.log'));
}
