/**
 * Compares the routes to other nodes' pods with the nodes there are. A node whose addresses lead elsewhere from here, or are another's
 * too, gets no route, and the sentence says why. Pure.
 */

import type { Plan } from '../kit/reconciler.ts';
import { coversBlock } from '../kit/registry/ipv4-range.ts';
import type { InstalledPodRoutes, PodRoute, PodTransport, RouteChanges } from '../ports/pod-routes.ts';
import type { PodRoutesAction } from './actions.ts';
import type { DesiredPodNetwork, PeerNode } from './observe.ts';

export function plan(desired: DesiredPodNetwork | undefined, installed: InstalledPodRoutes): Plan<PodRoutesAction> {
  if (desired === undefined) return nothing(installed, 'no routes to other nodes are made here');
  const transport = transportOf(desired);
  if (transport === undefined) return nothing(installed, 'no routes to other nodes are made here');
  // Whatever is there may be of use until it is: the routes' own address comes with it.
  if (!installed.taken.includes(transport.podCidr))
    return { actions: [], because: "this node's pod network is not there yet" };
  const { routes, conflicts } = wantedRoutes(desired, installed.taken);
  const report: PodRoutesAction[] = conflicts.length === 0 ? [] : [{ kind: 'report-conflicts', conflicts }];
  if (routes.length === 0) {
    const { actions, because } = nothing(installed, ['no other node has pods to be reached', ...conflicts].join('; '));
    return { actions: [...actions, ...report], because };
  }

  const changes = changesBetween(installed.routes, routes);
  const isPrepared = JSON.stringify(installed.transport) === JSON.stringify(transport);
  const isRight = changes.added.length + changes.changed.length + changes.removed.length === 0;
  // What a new transport leaves of the routes is seen at the next look.
  const action: PodRoutesAction = isPrepared
    ? { kind: 'change-routes', transport, changes }
    : { kind: 'prepare-transport', transport };
  return {
    actions: [...(isPrepared && isRight ? [] : [action]), ...report],
    because: [isPrepared ? sentenceOf(changes, routes.length) : `${transport.mode} is not set up`, ...conflicts].join(
      '; ',
    ),
  };
}

function nothing(installed: InstalledPodRoutes, because: string): Plan<PodRoutesAction> {
  const isClean = installed.transport === undefined && installed.routes.length === 0;
  return { actions: isClean ? [] : [{ kind: 'remove-routes' }], because };
}

/** Undefined where this node makes no routes, or has no addresses yet. */
function transportOf({ config, podCidr }: DesiredPodNetwork): PodTransport | undefined {
  const { podNetwork: mode, nodeIP, clusterCidr } = config;
  return mode === 'none' || podCidr === undefined ? undefined : { mode, nodeIP, podCidr, clusterCidr };
}

function wantedRoutes({ config, podCidr: own = '', peers }: DesiredPodNetwork, taken: readonly string[]) {
  const routes: PodRoute[] = [];
  const conflicts: string[] = [];
  const owners = new Map([[own, 'this node']]);
  for (const { name, podCidr, nodeIP } of peers.filter(isReachable)) {
    if (nodeIP === config.nodeIP) continue; // on this very machine
    const owner = owners.get(podCidr);
    const other = taken.find((block) => coversBlock(podCidr, block));
    if (owner !== undefined)
      conflicts.push(`the pods of ${name} have the same addresses as those of ${owner}: ${podCidr}`);
    else if (other !== undefined)
      conflicts.push(`${other}, which the pods of ${name} have, leads elsewhere from this machine`);
    else routes.push({ podCidr, nodeIP });
    owners.set(podCidr, owner ?? name);
  }
  return { routes, conflicts };
}

function isReachable(peer: PeerNode): peer is Required<PeerNode> {
  return peer.podCidr !== undefined && peer.nodeIP !== undefined;
}

function changesBetween(before: readonly PodRoute[], wanted: readonly PodRoute[]): RouteChanges {
  const there = new Map(before.map(({ podCidr, nodeIP }) => [podCidr, nodeIP]));
  const cidrs = new Set(wanted.map(({ podCidr }) => podCidr));
  return {
    added: wanted.filter(({ podCidr }) => !there.has(podCidr)),
    changed: wanted.filter(({ podCidr, nodeIP }) => there.has(podCidr) && there.get(podCidr) !== nodeIP),
    removed: before.filter(({ podCidr }) => !cidrs.has(podCidr)),
  };
}

function sentenceOf({ added, changed, removed }: RouteChanges, count: number): string {
  const wrong = [
    ...(added.length > 0 ? [`${added.length} missing`] : []),
    ...(changed.length > 0 ? [`${changed.length} wrong`] : []),
    ...(removed.length > 0 ? [`${removed.length} outdated`] : []),
  ];
  if (wrong.length > 0) return `routes to other nodes' pods: ${wrong.join(', ')}`;
  return count === 1 ? 'the pods of 1 other node are reached' : `the pods of ${count} other nodes are reached`;
}
