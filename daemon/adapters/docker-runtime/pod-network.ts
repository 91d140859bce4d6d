/**
 * The network that pods are on, in Docker's terms: a bridge network. The adapter's network methods call it; an existing network is
 * never changed, because containers may be on it.
 */
import type { NetworkInspectInfo } from 'dockerode';
import type { PodNetwork } from '../../../reconcilers/ports/container-runtime.ts';
import { SampanError } from '../../../reconcilers/ports/errors.ts';
import { type DockerClient, DockerRefusal } from './docker-client.ts';

const BRIDGE_NAME = 'com.docker.network.bridge.name';
const MTU = 'com.docker.network.driver.mtu';

/** Undefined where there is none of the name, or it is not a bridge with an IPv4 subnet. */
export async function findNetwork(docker: DockerClient, name: string): Promise<PodNetwork | undefined> {
  const info = await inspectNetwork(docker, name);
  return info && toPodNetwork(info);
}

/** Throws NetworkConflict where one of the name differs, or Docker refuses it (its subnet is in use, say). */
export async function ensureNetwork(docker: DockerClient, wanted: PodNetwork): Promise<void> {
  if (await holds(docker, wanted)) return;
  try {
    await docker.request('POST', '/networks/create', { body: toCreateBody(wanted), deadlineMs: 60_000 });
  } catch (error) {
    if (!(error instanceof DockerRefusal)) throw error;
    if (error.status === 409 && (await holds(docker, wanted))) return; // somebody else was faster
    throw conflict(wanted, `Docker refuses ${describe(wanted)}: ${error.message}`, error);
  }
}

/** Missing is success; NetworkConflict where containers are on it. */
export async function removeNetwork(docker: DockerClient, name: string): Promise<void> {
  try {
    await docker.request('DELETE', `/networks/${encodeURIComponent(name)}`, { deadlineMs: 60_000 });
  } catch (error) {
    if (!(error instanceof DockerRefusal)) throw error;
    if (error.status === 404) return;
    throw new SampanError('NetworkConflict', { network: name, detail: error.message }, error);
  }
}

async function holds(docker: DockerClient, wanted: PodNetwork): Promise<boolean> {
  const info = await inspectNetwork(docker, wanted.name);
  if (info === undefined) return false;
  const found = toPodNetwork(info);
  if (found === undefined) throw conflict(wanted, `expected ${describe(wanted)}, there is a ${info.Driver} network`);
  const mtuFits = wanted.mtu === undefined || wanted.mtu === found.mtu;
  if (found.subnet === wanted.subnet && found.bridge === wanted.bridge && mtuFits) return true;
  throw conflict(
    wanted,
    `expected ${describe(wanted)}, the existing one has ${describe(found)}; remove it or choose that subnet`,
  );
}

async function inspectNetwork(docker: DockerClient, name: string): Promise<NetworkInspectInfo | undefined> {
  try {
    const info = await docker.request<NetworkInspectInfo>('GET', `/networks/${encodeURIComponent(name)}`);
    return info.Name === name ? info : undefined; // Docker also takes the beginning of an id
  } catch (error) {
    if (error instanceof DockerRefusal && error.status === 404) return undefined;
    throw error;
  }
}

function toPodNetwork(info: NetworkInspectInfo): PodNetwork | undefined {
  const subnet = info.IPAM?.Config?.map((config) => config.Subnet).find((cidr) => cidr?.includes('.'));
  if (info.Driver !== 'bridge' || subnet === undefined) return undefined;
  const mtu = info.Options?.[MTU];
  // Docker's own choice of a name for the interface.
  const bridge = info.Options?.[BRIDGE_NAME] ?? `br-${info.Id.slice(0, 12)}`;
  return { name: info.Name, bridge, subnet, ...(mtu !== undefined && { mtu: Number(mtu) }) };
}

function toCreateBody({ name, bridge, subnet, mtu }: PodNetwork): object {
  return {
    Name: name,
    Driver: 'bridge',
    CheckDuplicate: true, // for engines before API 1.44, which else make a second network of the name
    IPAM: { Driver: 'default', Config: [{ Subnet: subnet, Gateway: firstAddress(subnet) }] },
    Options: { [BRIDGE_NAME]: bridge, ...(mtu !== undefined && { [MTU]: String(mtu) }) },
    Labels: { sampan: 'pod-network' },
  };
}

/** Of `10.244.0.0/24`: 10.244.0.1. */
function firstAddress(subnet: string): string {
  const [address = ''] = subnet.split('/');
  return address.replace(/\d+$/, (last) => String(Number(last) + 1));
}

function describe({ subnet, bridge, mtu }: PodNetwork): string {
  return `subnet ${subnet} on ${bridge}${mtu === undefined ? '' : `, MTU ${mtu}`}`;
}

function conflict(network: PodNetwork, detail: string, cause?: unknown): SampanError {
  return new SampanError('NetworkConflict', { network: network.name, detail }, cause);
}
