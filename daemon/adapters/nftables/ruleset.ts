/**
 * Writes what `nft -f` reads: the whole table, or the change from one state of it to another. The nftables filter calls it. Pure:
 * nothing is run here. Why it looks so: docs/decisions/0005-nftables-slots.md.
 *
 *   prerouting, output ── services ── verdict by address or node port ── cluster-pick-3 ── random ── cluster-slot-1 ── dnat
 *   untranslated, local-out, local-in ── refuse  what is addressed to a Service, or the range, and was not translated
 *   postrouting ── masquerading                  only where the reply would not come back through this machine by itself
 */
import type { RoutingTable } from '../../../reconcilers/ports/packet-filter.ts';
import {
  type Elements,
  endpointElements,
  FAMILIES,
  type Family,
  HAIRPINS,
  type Layout,
  NO_LAYOUT,
  routeElements,
} from './elements.ts';

/** Address family and name of the one table. */
export const TABLE = 'ip sampan';

export interface RulesetOptions {
  /** Without br_netfilter, replies between pods of one bridge would not be translated back; masquerading then forces them to. */
  readonly bridgeFiltering: boolean;
}

/** What is in force: enough to write the change to the next state. */
export interface RulesetState {
  readonly table: RoutingTable;
  readonly layout: Layout;
  /** Marks who wrote it and when: an element of the set `revision`, the last one of each transaction. */
  readonly token: number;
}

export const NO_ROUTES = `add table ${TABLE}\ndelete table ${TABLE}\n`;

/** Replaces the table, whatever it was, in one transaction. */
export function renderWhole(next: RulesetState, options: RulesetOptions): string {
  return [
    NO_ROUTES,
    frame(next.table, options),
    renderLayout(NO_LAYOUT, next.layout),
    renderElements(new Map(), routeElements(next.table.routes)),
    renderElements(new Map(), endpointElements(next.table)),
    `add element ${TABLE} revision { ${formatToken(next.token)} }\n`,
  ].join('');
}

/** Only what differs; routes that are one object in both are not looked at. `previous` must be in force, with the same cluster network. */
export function renderChange(previous: RulesetState, next: RulesetState): string {
  const before = new Set(previous.table.routes);
  const after = new Set(next.table.routes);
  return [
    renderLayout(previous.layout, next.layout),
    renderElements(
      routeElements(previous.table.routes.filter((route) => !after.has(route))),
      routeElements(next.table.routes.filter((route) => !before.has(route))),
    ),
    renderElements(endpointElements(previous.table), endpointElements(next.table)),
    `delete element ${TABLE} revision { ${formatToken(previous.token)} }\n`,
    `add element ${TABLE} revision { ${formatToken(next.token)} }\n`,
  ].join('');
}

/** As nft itself prints it: `0x0000002a`. */
export function formatToken(token: number): string {
  return `0x${token.toString(16).padStart(8, '0')}`;
}

function frame({ serviceCidr, podCidr, clusterCidr }: RoutingTable, { bridgeFiltering }: RulesetOptions): string {
  return `table ${TABLE} {
  set revision { type mark; }
  map cluster-ports { type ipv4_addr . inet_proto . inet_service : verdict; }
  map node-ports { type inet_proto . inet_service : verdict; }
  set refused-node-ports { type inet_proto . inet_service; }
  set ${HAIRPINS} { type ipv4_addr . ipv4_addr; }
  set remote-endpoints { type ipv4_addr . inet_proto . inet_service; }

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
    ip daddr . meta l4proto . th dport vmap @cluster-ports
    fib daddr type local meta l4proto . th dport vmap @node-ports
  }

  # Before routing: after it, the kernel could answer by ICMP redirects of its own.
  chain untranslated {
    type filter hook prerouting priority -90; policy accept;
    ip daddr ${serviceCidr} goto refuse
  }
  chain local-out {
    type filter hook output priority -10; policy accept;
    ip daddr ${serviceCidr} goto refuse
  }
  chain local-in {
    type filter hook input priority -10; policy accept;
    ct state new meta l4proto . th dport @refused-node-ports goto refuse
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
    ip saddr 127.0.0.0/8 masquerade fully-random
    ip saddr != ${clusterCidr} ip daddr . meta l4proto . th dport @remote-endpoints masquerade fully-random
    ip daddr != ${clusterCidr} ip daddr . meta l4proto . th dport @remote-endpoints masquerade fully-random
${bridgeFiltering ? '' : `    ip saddr ${podCidr} ip daddr ${podCidr} masquerade fully-random\n`}  }
}
`;
}

const KEYS: Record<Family, { readonly type: string; readonly expression: string }> = {
  cluster: { type: 'ipv4_addr . inet_proto . inet_service', expression: 'ip daddr . meta l4proto . th dport' },
  node: { type: 'inet_proto . inet_service', expression: 'meta l4proto . th dport' },
};

function renderLayout(previous: Layout, next: Layout): string {
  const lines: string[] = [];
  for (const family of FAMILIES) {
    const { type, expression } = KEYS[family];
    for (let slot = previous.slots; slot < next.slots; slot += 1) {
      const name = `${family}-slot-${slot}`;
      lines.push(
        `add map ${TABLE} ${name} { type ${type} : ipv4_addr . inet_service; }`,
        `add chain ${TABLE} ${name}`,
        `add rule ${TABLE} ${name} meta l4proto { tcp, udp } dnat ip to ${expression} map @${name}`,
      );
    }
    for (const count of next.picks) {
      if (previous.picks.has(count)) continue;
      const targets = Array.from({ length: count }, (_, slot) => `${slot} : goto ${family}-slot-${slot}`);
      lines.push(
        `add chain ${TABLE} ${family}-pick-${count}`,
        `add rule ${TABLE} ${family}-pick-${count} numgen random mod ${count} vmap { ${targets.join(', ')} }`,
      );
    }
  }
  return joinLines(lines);
}

/** Deletions first: an element with a new value is deleted and added within the transaction. */
function renderElements(previous: Elements, next: Elements): string {
  const lines: string[] = [];
  for (const [set, before] of previous) {
    const now = next.get(set);
    const gone = [...before].filter(([key, rest]) => now?.get(key) !== rest).map(([key]) => key);
    if (gone.length > 0) lines.push(`delete element ${TABLE} ${set} { ${gone.join(', ')} }`);
  }
  for (const [set, now] of next) {
    const before = previous.get(set);
    const added = [...now].filter(([key, rest]) => before?.get(key) !== rest).map(([key, rest]) => key + rest);
    if (added.length > 0) lines.push(`add element ${TABLE} ${set} { ${added.join(', ')} }`);
  }
  return joinLines(lines);
}

function joinLines(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join('');
}
