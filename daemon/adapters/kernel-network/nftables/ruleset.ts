/**
 * Writes what `nft -f` reads: the whole table, or the change from one state of it to another. The nftables filter calls it. Pure:
 * nothing is run here. Why it looks so: docs/decisions/0005-nftables-slots.md, and 0051 for what callers are told apart by.
 *
 *   prerouting, output ── services ── by address or node port ── (stages: route-stages.ts) ── pick-3 ── random ── slot-1 ── dnat
 *   untranslated, local-out, local-in ── refuse  what is addressed to a Service, or the range, and was not translated
 *                                     ── remember  the endpoint that a client was given, where the Service wants that
 *   postrouting ── masquerading                  only where the reply would not come back through this machine by itself
 */
import type { RoutingTable } from '../../../../reconcilers/ports/packet-filter.ts';
import { CLIENTS, type ClientMemory, renderClients } from './client-memory.ts';
import { type Elements, endpointElements, type Layout, NO_LAYOUT, NO_POOL, routeElements } from './elements.ts';
import { frame, KEYS, PROTOCOLS, type RulesetOptions } from './frame.ts';
import { familyOf, POOLS } from './route-stages.ts';
import { TABLE } from './table-name.ts';

/** What is in force: enough to write the change to the next state. */
export interface RulesetState {
  readonly table: RoutingTable;
  readonly layout: Layout;
  /** Marks who wrote it and when: an element of the set `revision`, the last one of each transaction. */
  readonly token: number;
}

export const NO_ROUTES = `add table ${TABLE}\ndelete table ${TABLE}\n`;

/** Replaces the table, whatever it was, in one transaction; `clients` are remembered on. */
export function renderWhole(
  next: RulesetState,
  options: RulesetOptions,
  clients: readonly ClientMemory[] = [],
): string {
  return [
    NO_ROUTES,
    frame(next.table, options),
    renderLayout(NO_LAYOUT, next.layout),
    renderElements(new Map(), routeElements(next.table.routes)),
    renderElements(new Map(), endpointElements(next.table)),
    renderClients(clients),
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

function renderLayout(previous: Layout, next: Layout): string {
  const lines: string[] = [];
  for (const pool of POOLS) {
    const { type, expression } = KEYS[familyOf(pool)];
    const { slots, picks } = next.pools.get(pool) ?? NO_POOL;
    const before = previous.pools.get(pool) ?? NO_POOL;
    for (let slot = before.slots; slot < slots; slot += 1) {
      const name = `${pool}-slot-${slot}`;
      lines.push(
        `add map ${TABLE} ${name} { type ${type} : ipv4_addr . inet_service; }`,
        `add chain ${TABLE} ${name}`,
        `add rule ${TABLE} ${name} meta l4proto { tcp, udp } dnat ip to ${expression} map @${name}`,
      );
    }
    for (const count of picks) {
      if (before.picks.has(count)) continue;
      const targets = Array.from({ length: count }, (_, slot) => `${slot} : goto ${pool}-slot-${slot}`);
      lines.push(
        `add chain ${TABLE} ${pool}-pick-${count}`,
        `add rule ${TABLE} ${pool}-pick-${count} numgen random mod ${count} vmap { ${targets.join(', ')} }`,
      );
    }
  }
  return joinLines([...lines, ...affinityLayout(previous, next)]);
}

/** Connections are looked at once more only where some Service wants its clients remembered. */
function affinityLayout({ affinities: before }: Layout, { affinities }: Layout): string[] {
  const lines: string[] = [];
  for (const seconds of affinities) {
    if (before.has(seconds)) continue;
    lines.push(`add chain ${TABLE} remember-${seconds}`);
    for (const protocol of PROTOCOLS) {
      const key = `ip saddr . ${KEYS.address.original} timeout ${seconds}s : ip daddr . th dport`;
      lines.push(`add rule ${TABLE} remember-${seconds} meta l4proto ${protocol} update @${CLIENTS} { ${key} }`);
    }
  }
  if (before.size > 0 || affinities.size === 0) return lines;
  const hooks = ['untranslated', 'local-out'];
  return [...lines, ...hooks.map((chain) => `insert rule ${TABLE} ${chain} ct state new ct status dnat jump remember`)];
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
