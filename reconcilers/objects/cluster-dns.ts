/** The Service of the cluster's DNS, under the name and with the ports by which everybody's tools look for it. */
import { isIPv4 } from 'node:net';
import type { Node } from './cluster.ts';
import type { ObjectKey } from './meta.ts';

export const DNS_SERVICE: ObjectKey = { namespace: 'kube-system', name: 'kube-dns' };

export const DNS_PORT = 53;

export const DNS_PORTS = [
  { name: 'dns', protocol: 'UDP' },
  { name: 'dns-tcp', protocol: 'TCP' },
] as const;

/** On a Node, by the node itself: where its DNS server listens, `10.244.1.1:53`. */
export const ANNOTATION_NAME_SERVER = 'sampan.dev/name-server';

/** Undefined where there is none, or something else is written there. */
export function nameServerOf({ metadata }: Node): { readonly address: string; readonly port: number } | undefined {
  const [address = '', port = ''] = metadata.annotations?.[ANNOTATION_NAME_SERVER]?.split(':') ?? [];
  return isIPv4(address) && /^[1-9]\d{0,4}$/.test(port) ? { address, port: Number(port) } : undefined;
}
