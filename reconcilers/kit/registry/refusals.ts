/** What the registry refuses writes with, in Kubernetes' words. Pure. */
import { groupKind, groupResource, KINDS, type Kind } from '../../objects/kinds.ts';
import type { KubeObject } from '../../objects/meta.ts';
import { SampanError } from '../../ports/errors.ts';
import type { Preconditions } from '../../ports/object-client.ts';

export function notFound(kind: Kind, name: string): SampanError {
  return new SampanError('NotFound', { resource: groupResource(KINDS[kind]), name });
}

export function alreadyExists(kind: Kind, name: string): SampanError {
  return new SampanError('AlreadyExists', { resource: groupResource(KINDS[kind]), name });
}

export function conflict(kind: Kind, name: string, detail: string): SampanError {
  return new SampanError('Conflict', { resource: groupResource(KINDS[kind]), name, detail });
}

export function modified(kind: Kind, name: string): SampanError {
  const detail = 'the object has been modified; please apply your changes to the latest version and try again';
  return conflict(kind, name, detail);
}

export function invalid(kind: Kind, name: string, problems: readonly { toString(): string }[]): SampanError {
  const texts = problems.map(String);
  const detail = texts.length === 1 ? texts[0] : `[${texts.join(', ')}]`;
  return new SampanError('Invalid', { kind: groupKind(KINDS[kind]), name, detail, problems });
}

/** Throws Conflict where the stored object is not the one that is meant. */
export function checkPreconditions(kind: Kind, { metadata }: KubeObject, wanted: Preconditions): void {
  const { uid, resourceVersion, name } = metadata;
  if (wanted.uid !== undefined && wanted.uid !== uid) {
    const detail = `Precondition failed: UID in precondition: ${wanted.uid}, UID in object meta: ${uid}`;
    throw conflict(kind, name, detail);
  }
  if (wanted.resourceVersion !== undefined && wanted.resourceVersion !== resourceVersion) throw modified(kind, name);
}
