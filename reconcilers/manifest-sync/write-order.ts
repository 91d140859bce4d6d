/**
 * In which order objects are written, so that addresses go from hand to hand: whoever gives one up before whoever takes it. Where
 * Services want each other's, one lets go of its own first. Pure; object-changes.ts calls it.
 */
import { changedFields } from '../objects/changed-fields.ts';
import type { JsonObject } from '../objects/json.ts';
import type { Service } from '../objects/service.ts';
import type { Action } from './actions.ts';
import { serviceClaims } from './cluster-problems.ts';
import { liveOf } from './inventory.ts';
import { nameOf, type Observed } from './observation.ts';

export type ObjectAction = Extract<
  Action,
  { kind: 'create-object' | 'patch-object' | 'replace-object' | 'delete-object' | 'release-addresses' }
>;
type PatchObject = Extract<Action, { kind: 'patch-object' }>;

export interface WriteOrder {
  readonly actions: readonly ObjectAction[];
  /** These are only the first of them; what follows is planned when they are done. */
  readonly goesOn: boolean;
}

/** `steps` in their own order, except that what one needs of others comes before it. */
export function inOrder(steps: readonly ObjectAction[], observed: Observed): WriteOrder {
  const byName = new Map(steps.map((step) => [nameOf(step.target), step]));
  const ordered = new Set<ObjectAction>();
  const releases = new Set<PatchObject>();
  const visit = (step: ObjectAction, above: readonly ObjectAction[]): void => {
    if (ordered.has(step)) return;
    if (above.includes(step)) {
      if (step.kind === 'patch-object') releases.add(step);
      return;
    }
    for (const other of neededBy(step, byName, observed)) visit(other, [...above, step]);
    ordered.add(step);
  };
  for (const step of steps) visit(step, []);
  if (releases.size === 0) return { actions: [...ordered], goesOn: false };
  return { actions: [...releases].map((step) => release(step, observed)), goesOn: true };
}

/** The namespace that is made for it, and the Services that give up what it takes. */
function neededBy(step: ObjectAction, byName: ReadonlyMap<string, ObjectAction>, observed: Observed): ObjectAction[] {
  const { namespace } = step.target.key;
  const home = byName.get(nameOf({ kind: 'Namespace', key: { namespace: '', name: namespace } }));
  const taken = claimsAfter(step);
  const givers = observed.claims.flatMap(({ key, claims }) => {
    const giver = byName.get(nameOf({ kind: 'Service', key }));
    if (giver === undefined || giver === step) return [];
    const kept = claimsAfter(giver);
    return claims.some((claim) => taken.includes(claim) && !kept.includes(claim)) ? [giver] : [];
  });
  return [...(home?.kind === 'create-object' ? [home] : []), ...givers];
}

/** What the object holds, or asks for by value, once the step is done. */
function claimsAfter(step: ObjectAction): string[] {
  if (step.target.kind !== 'Service' || !('object' in step)) return [];
  return serviceClaims((step.object as { spec: JsonObject }).spec);
}

/**
 * The Service as it is, without node ports: a cluster IP cannot be changed, and so is never what two want to swap (who wants another
 * one is deleted and made anew).
 */
function release({ reason: _reason, ...step }: PatchObject, observed: Observed): ObjectAction {
  const live = liveOf(observed, step.target) as Service;
  const ports = live.spec.ports.map(({ nodePort: _nodePort, ...port }) => port);
  const { loadBalancerSourceRanges: _ranges, ...spec } = live.spec;
  const object: Service = { ...live, spec: { ...spec, type: 'ClusterIP', ports } };
  const fields = changedFields(live as unknown as JsonObject, object as unknown as JsonObject);
  return { ...step, kind: 'release-addresses', object, fields };
}
