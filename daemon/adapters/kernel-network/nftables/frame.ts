/**
 * The part of the ruleset that is the same whatever the Services are: the chains at the kernel's hooks, the stages that all routes
 * share, and the maps that say who passes which. ruleset.ts writes it where it makes the table anew. Pure.
 */
import { gatewayOf } from '../../../../reconcilers/kit/registry/ipv4-range.ts';
import type { RoutingTable } from '../../../../reconcilers/ports/packet-filter.ts';
import { CLIENTS } from './client-memory.ts';
import { HAIRPINS } from './elements.ts';
import { FAMILIES, type Family, familyOf, POOLS } from './route-stages.ts';
import { TABLE } from './table-name.ts';

export interface RulesetOptions {
  /** Without br_netfilter, replies between pods of one bridge would not be translated back; masquerading then forces them to. */
  readonly bridgeFiltering: boolean;
}

/** What a packet of each family is looked up by. */
export const KEYS: Record<Family, { readonly type: string; readonly expression: string; readonly original: string }> = {
  address: {
    type: 'ipv4_addr . inet_proto . inet_service',
    expression: 'ip daddr . meta l4proto . th dport',
    original: 'ct original ip daddr . meta l4proto . ct original proto-dst',
  },
  node: {
    type: 'inet_proto . inet_service',
    expression: 'meta l4proto . th dport',
    original: 'meta l4proto . ct original proto-dst',
  },
};

/** A client, and the address it called. */
const CLIENT_KEY = { type: 'ipv4_addr . ipv4_addr . inet_proto . inet_service', most: 65_536 };

export function frame(
  { serviceCidr, podCidr, clusterCidr }: RoutingTable,
  { bridgeFiltering }: RulesetOptions,
): string {
  return `table ${TABLE} {
  set revision { type mark; }
  set ${HAIRPINS} { type ipv4_addr . ipv4_addr; }
  set remote-endpoints { type ipv4_addr . inet_proto . inet_service; }
  set allowed-sources { type ${KEYS.address.type} . ipv4_addr; flags interval; }
  map ${CLIENTS} {
    type ${CLIENT_KEY.type} : ipv4_addr . inet_service; flags dynamic,timeout; size ${CLIENT_KEY.most};
  }
${FAMILIES.map((family) => familyFrame(family, clusterCidr)).join('')}
  # route_localnet lets node ports answer on 127.0.0.1; it must not open loopback to the network (CVE-2020-8558).
  chain loopback-guard {
    type filter hook prerouting priority raw; policy accept;
    ip daddr 127.0.0.0/8 iif != lo drop
  }

  chain prerouting {
    type nat hook prerouting priority -110; policy accept;
    jump services
  }
  chain output {
    type nat hook output priority -110; policy accept;
    jump services
  }
  chain services {
    ${KEYS.address.expression} vmap @address-ports
    fib daddr type local ${KEYS.node.expression} vmap @node-ports
  }
  chain address-guarded {
    ${KEYS.address.expression} . ip saddr @allowed-sources ${KEYS.address.expression} vmap @address-guarded-ports
    drop
  }
  chain remember {
${FAMILIES.flatMap((family) => PROTOCOLS.map((protocol) => `    meta l4proto ${protocol} ${KEYS[family].original} vmap @${family}-memory\n`)).join('')}  }

  # Before routing: after it, the kernel could answer by ICMP redirects of its own.
  chain untranslated {
    type filter hook prerouting priority -90; policy accept;
    ct state new ${KEYS.address.expression} vmap @address-refusals
    ip daddr ${serviceCidr} goto refuse
  }
  chain local-out {
    type filter hook output priority -10; policy accept;
    ct state new ${KEYS.address.expression} vmap @address-refusals
    ip daddr ${serviceCidr} goto refuse
  }
  chain local-in {
    type filter hook input priority -10; policy accept;
    ct state new ${KEYS.node.expression} vmap @node-refusals
  }
  chain refuse {
    meta l4proto tcp reject with tcp reset
    reject with icmp port-unreachable
  }

  # A reply out of its connection's window would leave untranslated, and its reset end the connection.
  chain forward {
    type filter hook forward priority -10; policy accept;
    ip saddr ${podCidr} ct state invalid drop
  }

  chain postrouting {
    type nat hook postrouting priority 90; policy accept;
    ct status dnat oif != lo goto masquerading
  }
  chain masquerading {
    ip saddr . ip daddr @${HAIRPINS} masquerade fully-random
    ip daddr != ${clusterCidr} ip daddr . meta l4proto . th dport @remote-endpoints masquerade fully-random
    # Other nodes' pods see this node as one of its pods: that address leads back here by whatever way theirs lead there.
    ip saddr != ${clusterCidr} ip daddr . meta l4proto . th dport @remote-endpoints snat to ${gatewayOf(podCidr)} fully-random
    ip saddr 127.0.0.0/8 masquerade fully-random
${bridgeFiltering ? '' : `    ip saddr ${podCidr} ip daddr ${podCidr} masquerade fully-random\n`}  }
}
`;
}

export const PROTOCOLS = ['tcp', 'udp'] as const;

/** The maps by which a packet of the family finds its stages, and those stages that are the same for all routes. */
function familyFrame(family: Family, clusterCidr: string): string {
  const { type, expression } = KEYS[family];
  const maps = ['ports', 'refusals', 'memory', 'guarded-ports', 'inside-ports', 'outside-ports'];
  const pools = POOLS.filter((pool) => familyOf(pool) === family);
  return `
${maps.map((map) => `  map ${family}-${map} { type ${type} : verdict; }\n`).join('')}
${pools.map((pool) => `  map ${pool}-sticky-ports { type ${type} : verdict; }\n`).join('')}
  chain ${family}-by-source {
    ip saddr ${clusterCidr} ${expression} vmap @${family}-inside-ports
    fib saddr type local ${expression} vmap @${family}-inside-ports
    ${expression} vmap @${family}-outside-ports
  }
${pools
  .map(
    (pool) => `  chain ${pool}-sticky {
    meta l4proto { tcp, udp } dnat ip to ip saddr . ${KEYS.address.expression} map @${CLIENTS}
    ${expression} vmap @${pool}-sticky-ports
  }
`,
  )
  .join('')}`;
}
