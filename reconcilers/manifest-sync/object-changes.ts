/**
 * What is to be done to the live objects so that they are as declared: create, patch by three-way merge, replace where a field
 * cannot be changed, delete what is declared no more. In the order to do it. Pure; plan.ts calls it.
 */

import { equalJson, type JsonObject } from '../objects/json.ts';
import { ALL_KINDS, type AnyObject, type Kind } from '../objects/kinds.ts';
import {
  ANNOTATION_DECLARED_AT,
  ANNOTATION_LAST_APPLIED,
  ANNOTATION_REVISION,
  ANNOTATION_SOURCE,
  type InventoryEntry,
} from '../objects/source.ts';
import type { ChangeReason } from './actions.ts';
import { claimsOf, isIrreplaceable, serviceClaims } from './cluster-problems.ts';
import { mergeDeclared, parseManifest, place, withAnnotations } from './declared-merge.ts';
import { entryIdentity, liveOf } from './inventory.ts';
import { type Declared, nameOf, type Observed } from './observation.ts';
import { isSpared } from './spared.ts';
import type { Verdict } from './verdict.ts';
import { inOrder, type ObjectAction } from './write-order.ts';

export interface ObjectChanges {
  readonly actions: readonly ObjectAction[];
  /** More is planned when these are done: how it went cannot be said yet. */
  readonly goesOn: boolean;
  /** What must be gone first: `Pod default/job`. */
  readonly waitsFor: readonly string[];
}

/** From dependents to what they depend on. */
const DELETE_ORDER: readonly Kind[] = ALL_KINDS.map(({ kind }) => kind).reverse();

export function findObjectChanges(source: string, verdict: Verdict, observed: Observed): ObjectChanges {
  const writes: ObjectWrite[] = [];
  const waitsFor: string[] = [];
  for (const document of verdict.documents) {
    const live = liveOf(observed, document);
    if (
      live?.metadata.deletionTimestamp !== undefined ||
      observed.terminatingNamespaces.includes(document.key.namespace)
    ) {
      waitsFor.push(live === undefined ? `Namespace ${document.key.namespace}` : nameOf(document));
      continue;
    }
    if (!hasNamespace(document, verdict, observed)) continue;
    const write = writeOf(source, verdict.revision, document, live, observed);
    if (write === undefined) continue;
    writes.push(write);
    if (write.kind === 'replace-object') waitsFor.push(nameOf(document));
  }
  const deletes = findDeletes(source, verdict, observed);
  const wanted = new Set(verdict.documents.flatMap(claimsOf));
  const [blocking, last] = partition(deletes, ({ target }) => {
    const live = liveOf(observed, target);
    return (
      live?.kind === 'Service' && serviceClaims(live.spec as unknown as JsonObject).some((claim) => wanted.has(claim))
    );
  });
  // What was refused before is tried first, with what it needs, so that nothing is done and undone for it.
  const refused = new Set(observed.rejections.filter(({ revision }) => revision === verdict.revision).map(nameOf));
  const [again, others] = partition(writes, ({ target }) => refused.has(nameOf(target)));
  const { actions, goesOn } = inOrder([...again, ...blocking, ...others], observed);
  return { actions: goesOn ? actions : [...actions, ...last], goesOn, waitsFor };
}

type ObjectWrite = Extract<ObjectAction, { kind: 'create-object' | 'patch-object' | 'replace-object' }>;

/** A last good revision may name a namespace that somebody has removed since: it waits until that is back. */
function hasNamespace({ key }: Declared, { documents }: Verdict, { namespaces }: Observed): boolean {
  const isDeclared = documents.some(({ kind, key: { name } }) => kind === 'Namespace' && name === key.namespace);
  return key.namespace === '' || isDeclared || namespaces.includes(key.namespace);
}

/** How the object comes to be as declared; undefined where it is. */
function writeOf(
  source: string,
  revision: string,
  document: Declared,
  live: AnyObject | undefined,
  observed: Observed,
): ObjectWrite | undefined {
  const { kind, key, manifest, file, line } = document;
  const origin = { source, revision, target: { kind, key }, file, line };
  const declared = withAnnotations(source, document);
  if (live === undefined) return { kind: 'create-object', ...origin, object: stamped(declared, revision) };

  const annotations = live.metadata.annotations ?? {};
  const owner = annotations[ANNOTATION_SOURCE];
  // Another source's: verdict.ts has refused to take it, and a last good revision does not take it back.
  if (owner !== undefined && owner !== source && observed.sources.includes(owner)) return undefined;
  const lastApplied = owner === undefined ? undefined : parseManifest(annotations[ANNOTATION_LAST_APPLIED] ?? '');
  const merged = mergeDeclared(source, document, lastApplied, live);
  if (merged.fields.length === 0) return undefined;

  const { immutable } = merged;
  if (immutable.length > 0) {
    // Found out before (cluster-problems.ts); a last good revision does not take away what it no longer fits.
    if (isIrreplaceable(kind)) return undefined;
    return { kind: 'replace-object', ...origin, uid: live.metadata.uid, fields: immutable };
  }
  const isSame =
    lastApplied !== undefined &&
    equalJson(lastApplied, manifest) &&
    annotations[ANNOTATION_DECLARED_AT] === place(document);
  const reason: ChangeReason = owner !== source ? 'adopted' : isSame ? 'drift' : 'declared';
  const object = stamped(merged.object, revision);
  return { kind: 'patch-object', ...origin, object, reason, fields: merged.fields };
}

/** No part of what is declared: it is written along with what is, and never by itself. */
function stamped<T extends JsonObject | AnyObject>(object: T, revision: string): T {
  const { metadata } = object as { metadata: { annotations?: Record<string, string> } };
  const annotations = { ...metadata.annotations, [ANNOTATION_REVISION]: revision };
  return { ...object, metadata: { ...metadata, annotations } };
}

function findDeletes(source: string, verdict: Verdict, observed: Observed) {
  const declared = new Set(verdict.documents.map(nameOf));
  const isDue = (entry: InventoryEntry) => {
    const identity = entryIdentity(entry);
    const live = liveOf(observed, identity);
    return (
      !declared.has(nameOf(identity)) &&
      !verdict.keeps(entry) &&
      live !== undefined &&
      live.metadata.deletionTimestamp === undefined &&
      live.metadata.annotations?.[ANNOTATION_SOURCE] === source &&
      !isSpared(source, identity, observed)
    );
  };
  return (observed.source?.status.inventory ?? [])
    .filter(isDue)
    .map((entry) => {
      const target = entryIdentity(entry);
      const uid = liveOf(observed, target)?.metadata.uid ?? '';
      return { kind: 'delete-object' as const, source, revision: verdict.revision, target, uid };
    })
    .sort((a, b) => DELETE_ORDER.indexOf(a.target.kind) - DELETE_ORDER.indexOf(b.target.kind));
}

function partition<T>(items: readonly T[], belongs: (item: T) => boolean): [T[], T[]] {
  return [items.filter(belongs), items.filter((item) => !belongs(item))];
}
