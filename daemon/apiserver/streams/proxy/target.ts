/**
 * Whom `pods/proxy`, `services/proxy` and `nodes/proxy` pass a request on to: `[scheme:]name[:port]`, looked up as Kubernetes does. Only
 * addresses of pods and nodes come out of it: what an author wrote into Endpoints by hand leads nowhere.
 */
import { internalIP } from '../../../../reconcilers/objects/cluster.ts';
import type { Pod } from '../../../../reconcilers/objects/pod.ts';
import { SampanError } from '../../../../reconcilers/ports/errors.ts';
import type { ObjectClient } from '../../../../reconcilers/ports/object-client.ts';
import type { Random } from '../../../../reconcilers/ports/random.ts';
import { KUBELET_PORT } from '../../../serving/node-service.ts';
import type { ResourceRequest } from '../../request-info.ts';

export interface Target {
  readonly scheme: 'http' | 'https';
  readonly host: string;
  readonly port: number;
  /** Whose address it is, where it is a pod's. */
  readonly pod?: Pod;
}

export interface TargetDeps {
  readonly client: ObjectClient;
  readonly random: Random;
}

/** `kubelet`: the request is for the node's own server. Throws NotFound, BadRequest, ServiceUnavailable. */
export async function targetOf(asked: ResourceRequest, deps: TargetDeps): Promise<Target | 'kubelet'> {
  const parsed = parseProxyName(asked.name);
  const singular = asked.info.plural.replace(/s$/, '');
  if (parsed === undefined) {
    throw new SampanError('BadRequest', { detail: `invalid ${singular} request "${asked.name}"` });
  }
  switch (asked.info.kind) {
    case 'Pod':
      return podTarget(asked, parsed, deps.client);
    case 'Service':
      return serviceTarget(asked, parsed, deps);
    case 'Node':
      return nodeTarget(asked, parsed, deps.client);
    default:
      throw new SampanError('MethodNotAllowed');
  }
}

export interface ProxyName {
  readonly scheme: 'http' | 'https';
  readonly name: string;
  /** A number, a Service's port name, or ''. */
  readonly port: string;
}

/** `web`, `web:80`, `https:web:443`, `https:web:`. */
export function parseProxyName(text: string): ProxyName | undefined {
  const parts = text.split(':');
  if (parts.length === 3) {
    const [scheme, name, port] = parts as [string, string, string];
    if ((scheme !== 'http' && scheme !== 'https' && scheme !== '') || name === '') return undefined;
    return { scheme: scheme === '' ? 'http' : scheme, name, port };
  }
  const [name = '', port = ''] = parts;
  return parts.length > 3 || name === '' ? undefined : { scheme: 'http', name, port };
}

async function podTarget({ namespace }: ResourceRequest, { scheme, name, port }: ProxyName, client: ObjectClient) {
  const pod = await client.get('Pod', { namespace, name });
  if (pod === undefined) throw new SampanError('NotFound', { resource: 'pods', name });
  const { podIP } = pod.status;
  if (podIP === undefined) throw new SampanError('BadRequest', { detail: 'address not allowed' });
  return { scheme, host: podIP, port: portNumber(port) ?? firstPortOf(pod) ?? defaultPort(scheme), pod };
}

function firstPortOf(pod: Pod): number | undefined {
  return pod.spec.containers.flatMap(({ ports = [] }) => ports)[0]?.containerPort;
}

async function serviceTarget(
  { namespace }: ResourceRequest,
  { scheme, name, port }: ProxyName,
  { client, random }: TargetDeps,
): Promise<Target> {
  const service = await client.get('Service', { namespace, name });
  if (service === undefined) throw new SampanError('NotFound', { resource: 'services', name });
  const number = portNumber(port);
  const declared = service.spec.ports.find((each) => each.port === number);
  if (number !== undefined && declared === undefined) {
    throw new SampanError('ServiceUnavailable', { detail: `no service port ${number} found for service "${name}"` });
  }
  const portName = declared === undefined ? port : (declared.name ?? '');
  const endpoints = await client.get('Endpoints', { namespace, name });
  const candidates = (endpoints?.subsets ?? []).flatMap(({ addresses = [], ports = [] }) =>
    ports
      .filter((each) => (each.name ?? '') === portName)
      .flatMap((each) => addresses.map((address) => ({ address, port: each.port }))),
  );
  for (let first = Math.floor(random.next() * candidates.length), tried = 0; tried < candidates.length; tried++) {
    const { address, port: to } = candidates[(first + tried) % candidates.length] as (typeof candidates)[number];
    const pod = await podAt(address, namespace, client);
    if (pod !== undefined) return { scheme, host: address.ip, port: to, pod };
  }
  throw new SampanError('ServiceUnavailable', { detail: `no endpoints available for service "${name}"` });
}

/** Undefined where it is not, or no longer, a pod's. */
async function podAt(
  { ip, targetRef }: { ip: string; targetRef?: { kind: string; name: string } },
  namespace: string,
  client: ObjectClient,
): Promise<Pod | undefined> {
  if (targetRef?.kind !== 'Pod') return undefined;
  const pod = await client.get('Pod', { namespace, name: targetRef.name });
  return pod?.status.podIP === ip ? pod : undefined;
}

async function nodeTarget(
  _asked: ResourceRequest,
  { scheme, name, port }: ProxyName,
  client: ObjectClient,
): Promise<Target | 'kubelet'> {
  const node = await client.get('Node', { namespace: '', name });
  if (node === undefined) throw new SampanError('NotFound', { resource: 'nodes', name });
  const kubelet = node.status.daemonEndpoints?.kubeletEndpoint?.Port || KUBELET_PORT;
  const number = portNumber(port) ?? kubelet;
  if (number === kubelet) return 'kubelet';
  const host = internalIP(node);
  if (host === undefined) throw new SampanError('ServiceUnavailable', { detail: `node ${name} has no address` });
  return { scheme, host, port: number };
}

function portNumber(text: string): number | undefined {
  return /^\d{1,5}$/.test(text) && Number(text) >= 1 && Number(text) <= 0xff_ff ? Number(text) : undefined;
}

function defaultPort(scheme: Target['scheme']): number {
  return scheme === 'https' ? 443 : 80;
}
