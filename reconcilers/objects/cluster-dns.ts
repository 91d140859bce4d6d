/** The Service of the cluster's DNS, under the name and with the ports by which everybody's tools look for it. */
import type { ObjectKey } from './meta.ts';

export const DNS_SERVICE: ObjectKey = { namespace: 'kube-system', name: 'kube-dns' };

export const DNS_PORT = 53;

export const DNS_PORTS = [
  { name: 'dns', protocol: 'UDP' },
  { name: 'dns-tcp', protocol: 'TCP' },
] as const;
