/**
 * What a pod needs beside itself to run: secrets, config maps, claims, and its ServiceAccount. Pure. Read from the pod as JSON, so
 * that a field which a later build honours counts from the day it can be stored.
 */
import { type JsonObject, objectAt, objectsAt, textOf } from '../../../reconcilers/objects/json.ts';
import type { Pod } from '../../../reconcilers/objects/pod.ts';
import { podClaims } from '../../../reconcilers/objects/pod-claims.ts';

export interface PodReference {
  readonly kind: 'Secret' | 'ConfigMap' | 'PersistentVolumeClaim' | 'ServiceAccount';
  readonly name: string;
}

/** All are in the pod's namespace. */
export function podReferences(pod: Pod): readonly PodReference[] {
  const spec = pod.spec as unknown as JsonObject;
  const found = [
    { kind: 'ServiceAccount', name: textOf(spec.serviceAccountName) || 'default' },
    ...objectsAt(spec, 'imagePullSecrets').map((secret) => named('Secret', secret)),
    ...objectsAt(spec, 'volumes').flatMap(ofVolume),
    ...podClaims(pod).map(({ name }) => ({ kind: 'PersistentVolumeClaim', name }) as const),
    ...['containers', 'initContainers', 'ephemeralContainers']
      .flatMap((list) => objectsAt(spec, list))
      .flatMap(ofContainer),
  ] as const;
  return found.filter(({ name }) => name !== '');
}

function ofVolume(volume: JsonObject): PodReference[] {
  const sources = objectsAt(objectAt(volume, 'projected'), 'sources');
  return [
    named('Secret', objectAt(volume, 'secret'), 'secretName'),
    named('ConfigMap', objectAt(volume, 'configMap')),
    ...sources.map((source) => named('Secret', objectAt(source, 'secret'))),
    ...sources.map((source) => named('ConfigMap', objectAt(source, 'configMap'))),
  ];
}

function ofContainer(container: JsonObject): PodReference[] {
  const values = objectsAt(container, 'env').map((variable) => objectAt(variable, 'valueFrom'));
  const sources = objectsAt(container, 'envFrom');
  return [
    ...values.map((value) => named('Secret', objectAt(value, 'secretKeyRef'))),
    ...values.map((value) => named('ConfigMap', objectAt(value, 'configMapKeyRef'))),
    ...sources.map((source) => named('Secret', objectAt(source, 'secretRef'))),
    ...sources.map((source) => named('ConfigMap', objectAt(source, 'configMapRef'))),
  ];
}

function named(kind: PodReference['kind'], reference: JsonObject | undefined, field = 'name'): PodReference {
  return { kind, name: textOf(reference?.[field]) };
}
