/**
 * A cluster of several machines on one wire: each a network namespace with a Docker engine of its own, the first of them masters over
 * an etcd of as many members that asks everybody for a certificate, the others agents. Tests of many machines and hack/cluster start one on a test bed.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Agent } from './agent.ts';
import type { ControlledDaemon } from './controlled-daemon.ts';
import type { Dockerd } from './dockerd.ts';
import type { Etcd } from './etcd.ts';
import { issueEtcdTls, type TlsFiles } from './etcd-tls.ts';
import type { Lan, Netns } from './netns.ts';
import type { Sampan } from './sampan.ts';
import type { TestBed } from './test-bed.ts';

export interface Machine {
  /** Its node's name: `node1`. */
  readonly name: string;
  readonly address: string;
  readonly netns: Netns;
  readonly dockerd: Dockerd;
  /** The daemon that runs on it. */
  readonly daemon: ControlledDaemon;
}

export interface Master extends Machine {
  readonly etcd: Etcd;
  readonly daemon: Sampan;
}

export interface Machines {
  readonly lan: Lan;
  readonly masters: readonly Master[];
  readonly agents: readonly (Machine & { readonly daemon: Agent })[];
  readonly all: readonly Machine[];
  /** The masters' API servers. */
  readonly servers: readonly string[];
}

export interface MachinesOptions {
  readonly count: number;
  /** At most `count`. */
  readonly masters: number;
  /** A folder or a git URL, for every master. */
  readonly source: string;
  /** Further flags of the masters, and of the agents. */
  readonly masterArgs?: readonly string[];
  readonly agentArgs?: readonly string[];
}

const PORT = 6443;
const CLUSTER_CIDR = '10.244.0.0/16';

/** Whom the master takes for the leader: its node's name, `_` and something unique; empty when it knows of none. */
export async function leaderOf({ api }: Sampan): Promise<string> {
  const { leader = '' } = await api.get('/diagnostics');
  return leader;
}

type Bare = Omit<Machine, 'daemon'>;

export async function startMachines(bed: TestBed, options: MachinesOptions): Promise<Machines> {
  const lan = await bed.lan();
  const places: Omit<Bare, 'dockerd'>[] = [];
  for (let number = 1; number <= options.count; number++) {
    const netns = await bed.netns();
    places.push({ name: `node${number}`, address: await lan.join(netns), netns });
  }
  const bare = await Promise.all(places.map(async (place) => ({ ...place, dockerd: await bed.dockerd(place.netns) })));
  const masters = await startMasters(bed, bare.slice(0, options.masters), options);
  const servers = masters.map(({ address }) => `https://${address}:${PORT}`);
  const agents = await startAgents(bed, bare.slice(options.masters), servers, masters, options);
  return { lan, masters, agents, all: [...masters, ...agents], servers };
}

async function startMasters(bed: TestBed, machines: readonly Bare[], options: MachinesOptions): Promise<Master[]> {
  const members = Object.fromEntries(machines.map(({ name, address }) => [name, address]));
  const tls = await issueEtcdTls(await bed.dir(), Object.values(members));
  const etcds = await Promise.all(
    machines.map(({ name, address, netns }) => {
      const files = tls.members.get(address) as TlsFiles;
      return bed.etcd({ netns, member: { name, address, members, tls: files } });
    }),
  );
  const start = async (machine: Bare, etcd: Etcd): Promise<Master> => {
    const { name, address, dockerd } = machine;
    // Its own member first; the others when that is gone.
    const others = machines.filter((other) => other !== machine).map((other) => `https://${other.address}:2379`);
    const args = [
      `--etcd-servers=${[etcd.endpoint, ...others].join(',')}`,
      `--etcd-cafile=${tls.client.ca}`,
      `--etcd-certfile=${tls.client.cert}`,
      `--etcd-keyfile=${tls.client.key}`,
      `--node-name=${name}`,
      `--node-ip=${address}`,
      '--bind-address=0.0.0.0',
      `--secure-port=${PORT}`,
      `--cluster-cidr=${CLUSTER_CIDR}`,
      ...(options.masterArgs ?? []),
    ];
    return { ...machine, etcd, daemon: await bed.sampan(dockerd, { sources: [options.source], args }) };
  };
  return Promise.all(machines.map((machine, index) => start(machine, etcds[index] as Etcd)));
}

async function startAgents(
  bed: TestBed,
  machines: readonly Bare[],
  servers: readonly string[],
  [master]: readonly Master[],
  { agentArgs = [] }: MachinesOptions,
): Promise<(Machine & { daemon: Agent })[]> {
  if (machines.length === 0 || master === undefined) return [];
  const dir = await bed.dir();
  return Promise.all(
    machines.map(async (machine) => {
      const tokenFile = join(dir, `${machine.name}.token`);
      await writeFile(tokenFile, await master.daemon.cli('token', 'create'), { mode: 0o600 });
      const { name: nodeName, address, dockerd } = machine;
      const args = [`--node-ip=${address}`, ...agentArgs];
      return { ...machine, daemon: await bed.agent(dockerd, { nodeName, servers, tokenFile, args }) };
    }),
  );
}
