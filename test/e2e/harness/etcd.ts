/**
 * A real etcd of a test's own, on loopback, inside a network namespace or on a free port of the machine. The test bed and
 * the store's contract tests start it; it never shares data with another.
 */
import { createServer } from 'node:net';
import { join } from 'node:path';
import { type BackgroundProcess, lastLines, startProcess } from './background-process.ts';
import type { TlsFiles } from './etcd-tls.ts';
import { eventually } from './eventually.ts';
import type { Netns } from './netns.ts';
import type { Scope } from './scope.ts';

export interface EtcdOptions {
  /** Where it listens; on the machine's own loopback, with free ports, without it. */
  readonly netns?: Netns;
  /** Of the namespace, for others to reach it at; loopback without it. */
  readonly address?: string;
  /** Of a cluster of several, which then must be started together. Without it: one that is alone. */
  readonly member?: EtcdMember;
  /** Further flags, such as `--quota-backend-bytes=16777216`. */
  readonly args?: readonly string[];
}

export interface EtcdMember {
  readonly name: string;
  /** Where the others reach it. */
  readonly address: string;
  /** Every member's address by its name. */
  readonly members: Readonly<Record<string, string>>;
  /** What it shows, and whose certificates it takes, of members and of clients. */
  readonly tls: TlsFiles;
}

export interface Etcd {
  /** For --etcd-servers. */
  readonly endpoint: string;
  readonly logFile: string;
  readonly process: BackgroundProcess;
  stop(signal?: NodeJS.Signals): Promise<void>;
  /** Starts it again on the same data and port; resolves when it serves. */
  start(): Promise<void>;
}

/** Starts one and resolves when it serves clients; throws with the end of its log when it does not. */
export async function startEtcd(scope: Scope, name: string, options: EtcdOptions = {}): Promise<Etcd> {
  const dir = await scope.createDir(name);
  const logFile = join(dir, 'etcd.log');
  const { netns, member, address = '127.0.0.1' } = options;
  const [clientPort, peerPort] = netns ? [2379, 2380] : await freePorts(2);
  const endpoint = `${member === undefined ? 'http' : 'https'}://${address}:${clientPort}`;
  const flags = [
    `--data-dir=${join(dir, 'data')}`,
    '--logger=zap',
    ...(member ? flagsOfMember(member, endpoint) : flagsOfSingle(endpoint, `http://127.0.0.1:${peerPort}`)),
    ...(options.args ?? []),
  ];
  let daemon: BackgroundProcess;
  const start = async (): Promise<void> => {
    const startedAt = daemon?.readLog().length ?? 0;
    const started = netns ? await netns.start('etcd', flags, logFile) : await startProcess('etcd', flags, logFile);
    daemon = started;
    await eventually(() => !started.running || started.readLog().includes('serving client traffic', startedAt), {
      describe: 'etcd to serve clients',
      timeoutMs: 30_000,
    });
    if (!started.running) throw new Error(`etcd did not start:\n${lastLines(logFile)}`);
  };
  await start();

  return {
    endpoint,
    logFile,
    get process() {
      return daemon;
    },
    start,
    stop: (signal) => daemon.stop(signal),
  };
}

function flagsOfSingle(endpoint: string, peer: string): string[] {
  return [
    '--name=test',
    `--listen-client-urls=${endpoint}`,
    `--advertise-client-urls=${endpoint}`,
    `--listen-peer-urls=${peer}`,
    `--initial-advertise-peer-urls=${peer}`,
    `--initial-cluster=test=${peer}`,
    // A single member needs no second to elect itself, which is most of its start.
    '--heartbeat-interval=20',
    '--election-timeout=200',
  ];
}

function flagsOfMember({ name, address, members, tls }: EtcdMember, endpoint: string): string[] {
  const peers = Object.entries(members).map(([member, at]) => `${member}=https://${at}:2380`);
  return [
    `--name=${name}`,
    `--listen-client-urls=${endpoint},https://${address}:2379`,
    `--advertise-client-urls=https://${address}:2379`,
    `--listen-peer-urls=https://${address}:2380`,
    `--initial-advertise-peer-urls=https://${address}:2380`,
    `--initial-cluster=${peers.join(',')}`,
    '--initial-cluster-token=sampan-e2e',
    '--client-cert-auth',
    '--peer-client-cert-auth',
    ...['', 'peer-'].flatMap((whose) => [
      `--${whose}cert-file=${tls.cert}`,
      `--${whose}key-file=${tls.key}`,
      `--${whose}trusted-ca-file=${tls.ca}`,
    ]),
  ];
}

async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(Array.from({ length: count }, () => listen()));
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

function listen(): Promise<ReturnType<typeof createServer>> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve(server));
  });
}
