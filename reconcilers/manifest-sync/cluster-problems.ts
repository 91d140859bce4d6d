/**
 * What is wrong with a revision not in itself but in this cluster: an object of another source, a namespace that is not there, an
 * address that somebody else has. Found before anything is written, so that a commit is refused whole. Pure; verdict.ts calls it.
 */
import { type JsonObject, objectAt, objectsAt } from '../objects/json.ts';
import type { Kind } from '../objects/kinds.ts';
import { formatKey } from '../objects/meta.ts';
import {
  ANNOTATION_DECLARED_AT,
  ANNOTATION_LAST_APPLIED,
  ANNOTATION_SOURCE,
  type SourceProblem,
} from '../objects/source.ts';
import { mergeDeclared, parseManifest } from './declared-merge.ts';
import { liveOf } from './inventory.ts';
import { type Declared, nameOf, type Observed } from './observation.ts';

export function findClusterProblems(
  source: string,
  documents: readonly Declared[],
  observed: Observed,
): SourceProblem[] {
  const own = new Set(documents.map(nameOf));
  const named = new Set([
    ...observed.namespaces,
    ...observed.terminatingNamespaces,
    ...documents.filter(({ kind }) => kind === 'Namespace').map(({ key }) => key.name),
  ]);
  return documents.flatMap((document) => {
    const messages = [
      ownedByAnother(source, document, observed),
      named.has(document.key.namespace) || document.key.namespace === ''
        ? undefined
        : `namespace "${document.key.namespace}" does not exist; declare it too`,
      ...claimsOfOthers(source, document, own, observed),
      changesStorage(source, document, observed),
    ];
    const { file, line } = document;
    return messages.flatMap((message) =>
      message === undefined ? [] : [{ file, line, message: `${nameOf(document)}: ${message}` }],
    );
  });
}

function ownedByAnother(source: string, document: Declared, observed: Observed): string | undefined {
  const annotations = liveOf(observed, document)?.metadata.annotations ?? {};
  const owner = annotations[ANNOTATION_SOURCE];
  // Of a source that is no more, an object is anyone's.
  if (owner === undefined || owner === source || !observed.sources.includes(owner)) return undefined;
  const where = annotations[ANNOTATION_DECLARED_AT];
  return `is owned by source ${owner}${where === undefined ? '' : ` (${where})`}, and cannot be source ${source}'s too`;
}

/** Other objects are made anew where a field of them cannot be changed; with these, what they hold would go. */
export function isIrreplaceable(kind: Kind): boolean {
  return kind === 'PersistentVolumeClaim' || kind === 'PersistentVolume';
}

function changesStorage(source: string, document: Declared, observed: Observed): string | undefined {
  const live = isIrreplaceable(document.kind) ? liveOf(observed, document) : undefined;
  if (live === undefined || live.metadata.deletionTimestamp !== undefined) return undefined;
  const annotations = live.metadata.annotations ?? {};
  const owner = annotations[ANNOTATION_SOURCE];
  const lastApplied = owner === undefined ? undefined : parseManifest(annotations[ANNOTATION_LAST_APPLIED] ?? '');
  const { immutable, fields } = mergeDeclared(source, document, lastApplied, live);
  if (immutable.length === 0) return undefined;
  const changed = fields.filter((field) => immutable.some((each) => field.startsWith(each)));
  return `${(changed.length > 0 ? changed : immutable).join(', ')} cannot be changed, and it is not made anew, since what it holds would be lost; declare one of another name`;
}

/** Addresses it asks for that a Service has which this source does not declare, nor is about to delete. */
function claimsOfOthers(source: string, document: Declared, own: ReadonlySet<string>, observed: Observed): string[] {
  return claimsOf(document).flatMap((claim) => {
    const holder = observed.claims.find(
      ({ claims, key }) => claims.includes(claim) && nameOf({ kind: 'Service', key }) !== nameOf(document),
    );
    if (holder === undefined) return [];
    const identity = { kind: 'Service' as const, key: holder.key };
    const isOurs =
      own.has(nameOf(identity)) || liveOf(observed, identity)?.metadata.annotations?.[ANNOTATION_SOURCE] === source;
    return isOurs ? [] : [`${describeClaim(claim)} is taken by Service ${formatKey(holder.key)}`];
  });
}

/** The addresses a manifest asks for by value, as in {@link Observed.claims}. */
export function claimsOf({ kind, manifest }: Pick<Declared, 'kind' | 'manifest'>): string[] {
  return kind === 'Service' ? serviceClaims(objectAt(manifest, 'spec') ?? {}) : [];
}

/** What a Service's spec holds, or asks for. */
export function serviceClaims(spec: JsonObject): string[] {
  const ports = objectsAt(spec, 'ports').flatMap(({ nodePort, protocol }) =>
    typeof nodePort === 'number' && nodePort !== 0
      ? [`${nodePort}/${typeof protocol === 'string' ? protocol : 'TCP'}`]
      : [],
  );
  if (typeof spec.healthCheckNodePort === 'number') ports.push(`${spec.healthCheckNodePort}/TCP`);
  const ip = spec.clusterIP;
  return typeof ip === 'string' && ip !== '' && ip !== 'None' ? [ip, ...ports] : ports;
}

function describeClaim(claim: string): string {
  return claim.includes('/') ? `node port ${claim}` : `cluster IP ${claim}`;
}
