/**
 * What a name of the cluster's domain may stand for, by its form alone; whether that exists is for cluster-zone.ts to see. Pure.
 * https://github.com/kubernetes/dns/blob/master/docs/specification.md
 */
import { isIP } from 'node:net';

export type ClusterName =
  | { readonly kind: 'domain' }
  /** `ns.dns`: where this server is. */
  | { readonly kind: 'name-server' }
  /** `dns-version` */
  | { readonly kind: 'version' }
  /** `svc`, `pod`, `dns`: nothing by itself, but there is something below it. */
  | { readonly kind: 'branch' }
  | { readonly kind: 'namespace'; readonly namespace: string }
  | ({ readonly kind: 'service' } & ServiceName)
  /** `_http._tcp.web.default.svc` */
  | ({ readonly kind: 'port'; readonly port: string; readonly protocol: string } & ServiceName)
  /** `_tcp.web.default.svc`: what is asked on the way to a port. */
  | ({ readonly kind: 'protocol'; readonly protocol: string } & ServiceName)
  /** `web-0.web.default.svc` */
  | ({ readonly kind: 'endpoint'; readonly hostname: string } & ServiceName)
  /** `10-244-0-7.default.pod` */
  | { readonly kind: 'pod'; readonly namespace: string; readonly ip: string }
  | { readonly kind: 'nothing' };

export interface ServiceName {
  readonly namespace: string;
  readonly service: string;
}

const NOTHING: ClusterName = { kind: 'nothing' };
const WELL_KNOWN: Readonly<Record<string, ClusterName>> = {
  '': { kind: 'domain' },
  svc: { kind: 'branch' },
  pod: { kind: 'branch' },
  dns: { kind: 'branch' },
  'ns.dns': { kind: 'name-server' },
  'dns-version': { kind: 'version' },
};

/** `relative`: the name without the cluster's domain and the dot before it, in lower case. */
export function parseClusterName(relative: string): ClusterName {
  const known = Object.hasOwn(WELL_KNOWN, relative) ? WELL_KNOWN[relative] : undefined;
  if (known !== undefined) return known;
  const [branch, namespace, ...below] = relative.split('.').reverse();
  if (namespace === undefined) return NOTHING;
  if (branch === 'svc') return serviceName(namespace, below);
  return branch === 'pod' ? podName(namespace, below) : NOTHING;
}

/** `below`: the labels left of the namespace, nearest first. */
function serviceName(namespace: string, [service, ...below]: string[]): ClusterName {
  if (service === undefined) return { kind: 'namespace', namespace };
  const of = { namespace, service };
  const [first, second, ...more] = below;
  if (first === undefined) return { kind: 'service', ...of };
  if (!first.startsWith('_')) return second === undefined ? { kind: 'endpoint', hostname: first, ...of } : NOTHING;
  const protocol = first.slice(1);
  if (second === undefined) return { kind: 'protocol', protocol, ...of };
  return /^_./.test(second) && more.length === 0 ? { kind: 'port', port: second.slice(1), protocol, ...of } : NOTHING;
}

function podName(namespace: string, [dashed, ...more]: string[]): ClusterName {
  if (dashed === undefined) return { kind: 'namespace', namespace };
  if (more.length > 0) return NOTHING;
  const ip = [dashed.replaceAll('-', '.'), dashed.replaceAll('-', ':')].find((text) => isIP(text) !== 0);
  return ip === undefined ? NOTHING : { kind: 'pod', namespace, ip };
}
