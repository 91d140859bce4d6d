/** Which listeners a routing table asks of the userspace proxy, and whom each of them serves. */
import { BlockList } from 'node:net';
import type {
  Endpoint,
  ExternalAddress,
  RoutingTable,
  ServiceRoute,
} from '../../../reconcilers/ports/packet-filter.ts';
import type { ChoiceRules } from './endpoint-choice.ts';
import type { ListenAddress } from './listener.ts';
import { isOwnAddress } from './local-addresses.ts';

export interface WantedListener extends ListenAddress {
  readonly protocol: 'TCP' | 'UDP';
  readonly rules: ChoiceRules;
}

/** A Service without endpoints gets no listener: the kernel refuses its clients. `all`: not node ports alone. */
export function listenersFor(table: RoutingTable, all: boolean): WantedListener[] {
  const isOutside = outsideOf(table.clusterCidr);
  return table.routes.flatMap((route) => {
    const { protocol, clusterIP, port, nodePort, endpoints, internal, external = [] } = route;
    const rules = fromOutside(route, isOutside);
    return [
      ...(all ? [{ ip: clusterIP, port, protocol, rules: forAll(route, internal ?? endpoints) }] : []),
      ...(all ? external.map((address) => ({ ip: address.ip, port, protocol, rules: guarded(rules, address) })) : []),
      ...(nodePort === undefined ? [] : [{ ip: '0.0.0.0', port: nodePort, protocol, rules }]),
    ].filter((listener) => listener.rules.endpoints.length > 0);
  });
}

function forAll({ affinitySeconds }: ServiceRoute, endpoints: readonly Endpoint[]): ChoiceRules {
  return {
    endpoints,
    isOutside: () => false,
    isAllowed: () => true,
    ...(affinitySeconds !== undefined && { affinitySeconds }),
  };
}

function fromOutside(route: ServiceRoute, isOutside: ChoiceRules['isOutside']): ChoiceRules {
  const { outside } = route;
  return { ...forAll(route, route.endpoints), isOutside, ...(outside !== undefined && { outside }) };
}

function guarded(rules: ChoiceRules, { sources }: ExternalAddress): ChoiceRules {
  if (sources === undefined) return rules;
  const allowed = blocks(sources);
  return { ...rules, isAllowed: (client) => allowed.check(client) };
}

function outsideOf(clusterCidr: string): ChoiceRules['isOutside'] {
  const pods = blocks([clusterCidr]);
  return (client) => !pods.check(client) && !client.startsWith('127.') && !isOwnAddress(client);
}

function blocks(cidrs: readonly string[]): BlockList {
  const list = new BlockList();
  for (const cidr of cidrs) {
    const [address = '', length = '32'] = cidr.split('/');
    list.addSubnet(address, Number(length));
  }
  return list;
}
