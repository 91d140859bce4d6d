/** The network below the pods': the interface that has the node's address, and how large a packet it takes. */
import { gatewayOf } from '../../../../reconcilers/kit/registry/ipv4-range.ts';
import { failure, listJson } from './ip-command.ts';

interface Interface {
  readonly ifname: string;
  readonly mtu: number;
  readonly addr_info: readonly { readonly local?: string }[];
}

export interface Underlay {
  readonly mtu: number;
  /** That interface, and the one of this node's own pods where it is there. */
  readonly interfaces: readonly string[];
}

/** PodRoutesFailed where no interface has the address. */
export async function underlayOf(nodeIP: string, podCidr: string): Promise<Underlay> {
  const all = await listJson<Interface>('ip', '-4', 'address', 'show');
  const withAddress = (address: string) => all.find((each) => each.addr_info.some(({ local }) => local === address));
  const own = withAddress(nodeIP);
  if (own === undefined) throw failure(`no interface has the node's address ${nodeIP}`, '--node-ip names another');
  const pods = withAddress(gatewayOf(podCidr));
  return { mtu: own.mtu, interfaces: [own.ifname, ...(pods ? [pods.ifname] : [])] };
}

/** The largest packet of the interface that has the address; undefined where none has. */
export async function mtuBelow(nodeIP: string): Promise<number | undefined> {
  const all = await listJson<Interface>('ip', '-4', 'address', 'show');
  return all.find((each) => each.addr_info.some(({ local }) => local === nodeIP))?.mtu;
}
