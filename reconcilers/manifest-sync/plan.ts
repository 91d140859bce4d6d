/**
 * Plans one source: which revision counts (verdict.ts), what that asks of the objects (object-changes.ts), and what is said about it
 * (sync-status.ts), in an order that survives a crash between any two actions. Pure.
 */

import type { Plan } from '../kit/reconciler.ts';
import { equalJson, type Json } from '../objects/json.ts';
import type { InventoryEntry, Source } from '../objects/source.ts';
import type { Action } from './actions.ts';
import { grownBy, namesMore, shrunkTo } from './inventory.ts';
import { findObjectChanges, type ObjectChanges } from './object-changes.ts';
import { type DesiredSource, nameOf, type Observed, shortRevision } from './observation.ts';
import { nextStatus } from './sync-status.ts';
import { countOf, judge, type Verdict } from './verdict.ts';

/** What refuses a revision may lie outside of it, in objects of others: look again. */
const REFUSED_AGAIN_MS = 5_000;
/** A new cluster has no namespace `default` for a moment. */
const SETUP_CHECK_MS = 10;

export function plan(desired: DesiredSource | undefined, observed: Observed, now: number): Plan<Action> {
  if (desired === undefined) return { actions: [], because: 'no such source is configured; its objects stay' };
  if (![...observed.namespaces, ...observed.terminatingNamespaces].includes('default')) {
    return { actions: [], because: 'the cluster is being set up', checkAgainAfterMs: SETUP_CHECK_MS };
  }
  const { name } = desired;
  const inventory = observed.source?.status.inventory ?? [];
  const verdict = judge(desired, observed, now);
  const changes = findObjectChanges(name, verdict, observed);
  const grown = grownBy(inventory, verdict.documents);
  const status = {
    ...nextStatus(verdict, changes, observed, now),
    inventory: shrunkTo(name, inventory, verdict.documents, observed),
  };
  const actions: Action[] = [
    ...recordBefore(desired, observed.source, grown),
    ...changes.actions,
    ...(changes.goesOn || (observed.source !== undefined && equal(status, observed.source.status))
      ? []
      : [{ kind: 'record-status' as const, source: name, status }]),
  ];
  const because = explain(verdict, changes, observed);
  const retries = observed.rejections.map(({ retryAt }) => retryAt - now).filter((ms) => ms > 0);
  const checkAgainAfterMs = Math.min(...(verdict.outcome === 'refused' ? [REFUSED_AGAIN_MS] : []), ...retries);
  return { actions, because, ...(Number.isFinite(checkAgainAfterMs) && { checkAgainAfterMs }) };
}

/** The Source as it must be recorded before any object is touched. */
function recordBefore(desired: DesiredSource, source: Source | undefined, inventory: InventoryEntry[]): Action[] {
  const { name, type, location, onInvalid, pruneLimit } = desired;
  const spec = { location, type, onInvalid, pruneLimit };
  const actions: Action[] = [];
  if (source === undefined || !equal(source.spec, spec))
    actions.push({ kind: 'record-source', source: name, spec, inventory });
  if (source !== undefined && namesMore(inventory, source.status.inventory)) {
    actions.push({ kind: 'record-inventory', source: name, inventory });
  }
  return actions;
}

function explain(verdict: Verdict, { actions, waitsFor }: ObjectChanges, { reading }: Observed): string {
  const kept = verdict.revision === '' ? 'nothing is applied yet' : `keeping ${shortRevision(verdict.revision)}`;
  const seen = reading.reachable ? shortRevision(reading.revision) : '';
  const count = (...kinds: string[]) => actions.filter(({ kind }) => kinds.includes(kind)).length;
  switch (verdict.outcome) {
    case 'unreachable':
      return `unreachable: ${verdict.message}; ${kept}`;
    case 'refused':
      return `${seen} is refused: ${verdict.message}; ${kept} until it is fixed`;
    case 'prune-refused':
      return `${verdict.message}; ${kept} until then`;
    case 'applied': {
      const releases = actions.flatMap((action) => (action.kind === 'release-addresses' ? nameOf(action.target) : []));
      if (releases.length > 0) return `${seen}: ${releases.join(', ')} must give its node ports up first`;
      if (actions.length > 0) {
        const changed = count('patch-object', 'replace-object');
        return `${seen}: ${count('create-object')} to create, ${changed} to change, ${count('delete-object')} to delete`;
      }
      if (waitsFor.length > 0) return `${seen}: waiting for ${waitsFor.join(', ')} to be gone`;
      const skipped = verdict.message === '' ? '' : `; ${verdict.message}`;
      return `${seen} is applied: ${countOf(verdict.documents.length, 'object')}${skipped}`;
    }
  }
}

function equal(a: object, b: object): boolean {
  return equalJson(a as Json, b as Json);
}
