/**
 * What of the cluster goes into a pod's variables and volumes: which objects its containers are made from, so that a change of one
 * brings the pod back to the loop's queue, and how they are read.
 */
import type { ReadOnlyCache } from '../kit/object-cache.ts';
import type { ConfigObjects } from '../objects/env.ts';
import { DEFAULT_SERVICE_ACCOUNT } from '../objects/kinds/service-account.ts';
import { allContainers, type Container, type Pod } from '../objects/pod.ts';
import { podClaim } from '../objects/pod-claims.ts';
import { mountedVolumes, projectionsOf, type Volume } from '../objects/volumes.ts';
import { pullSecretsOf } from './images/pull-credentials.ts';

export function configObjects(cache: ReadOnlyCache, namespace: string): ConfigObjects {
  return {
    configMap: (name) => cache.get('ConfigMap', { namespace, name }),
    secret: (name) => cache.get('Secret', { namespace, name }),
  };
}

/** What pods may use of the node. */
export function nodeAllocatable(cache: ReadOnlyCache, nodeName: string): Readonly<Record<string, string>> {
  const node = cache.get('Node', { namespace: '', name: nodeName });
  return node?.status.allocatable ?? node?.status.capacity ?? {};
}

/** `ConfigMap/default/web`, each once; the Secrets that its images are pulled with are among them. */
export function configReferences(pod: Pod): string[] {
  const { metadata, spec } = pod;
  const { namespace = '' } = metadata;
  const account = spec.serviceAccountName ?? DEFAULT_SERVICE_ACCOUNT;
  const found = [
    ...mountedVolumes(spec).flatMap((volume) => [...ofVolume(volume, account), ...ofClaim(pod, volume)]),
    ...allContainers(spec).flatMap(ofContainer),
    ...pullSecretsOf(pod).map((name) => ['Secret', name] as const),
  ];
  return [...new Set(found.map(([kind, name]) => configReference(kind, namespace, name)))];
}

export function configReference(kind: string, namespace: string, name: string): string {
  return `${kind}/${namespace}/${name}`;
}

type Named = readonly [kind: string, name: string];

function ofVolume(volume: Volume, account: string): Named[] {
  return (projectionsOf(volume) ?? []).flatMap(({ configMap, secret, serviceAccountToken }): Named[] => [
    ...named('ConfigMap', configMap),
    ...named('Secret', secret),
    ...(serviceAccountToken ? [['ServiceAccount', account] as const] : []),
  ]);
}

function ofClaim(pod: Pod, volume: Volume): Named[] {
  return named('PersistentVolumeClaim', podClaim(pod, volume));
}

function ofContainer({ env = [], envFrom = [] }: Container): Named[] {
  return [
    ...envFrom.flatMap((source) => [...named('ConfigMap', source.configMapRef), ...named('Secret', source.secretRef)]),
    ...env.flatMap(({ valueFrom }) => [
      ...named('ConfigMap', valueFrom?.configMapKeyRef),
      ...named('Secret', valueFrom?.secretKeyRef),
    ]),
  ];
}

function named(kind: string, reference: { readonly name: string } | undefined): Named[] {
  return reference === undefined ? [] : [[kind, reference.name]];
}
