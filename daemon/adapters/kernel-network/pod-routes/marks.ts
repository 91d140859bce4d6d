/** By what the pod network's traces in the kernel are known as ours, by later processes too; and what follows from a node's share. Pure. */
import { addressAt, parseIpv4Range } from '../../../../reconcilers/kit/registry/ipv4-range.ts';

/** A routing protocol number that nobody registered in /etc/iproute2/rt_protos. */
export const PROTOCOL = '140';
export const DEVICE = 'sampan-vxlan';
export const TABLE = 'ip sampan-pods';

/** The node's end of the tunnel: an address that no pod gets, and a hardware address made of it. So nobody has to be asked for them. */
export function tunnelEndOf(podCidr: string): { readonly address: string; readonly mac: string } {
  const address = addressAt(parseIpv4Range(podCidr), 0);
  // Locally administered, as CNI plugins make them.
  const mac = ['0a', '58', ...address.split('.').map((part) => Number(part).toString(16).padStart(2, '0'))].join(':');
  return { address, mac };
}
