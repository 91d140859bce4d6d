/** Compares the cluster with what every cluster has. Pure. */
import type { Plan } from '../kit/reconciler.ts';
import { equalJson, type Json } from '../objects/json.ts';
import type { ClusterBootstrapAction } from './actions.ts';
import type { ObservedCluster } from './observe.ts';
import {
  type ClusterOptions,
  SYSTEM_NAMESPACES,
  wantedNamespace,
  wantedService,
  wantedStorageClass,
  wantedSubsets,
} from './wanted.ts';

export function plan(options: ClusterOptions | undefined, observed: ObservedCluster): Plan<ClusterBootstrapAction> {
  if (options === undefined) return { actions: [], because: 'nothing is wanted of the cluster' };
  const actions: ClusterBootstrapAction[] = SYSTEM_NAMESPACES.filter((name) => !observed.namespaces.includes(name)).map(
    (name) => ({ kind: 'create-namespace', namespace: wantedNamespace(name) }),
  );

  if (!observed.hasStorageClass) actions.push({ kind: 'create-storage-class', storageClass: wantedStorageClass() });

  const { service, endpoints } = observed;
  const moved = service !== undefined && service.spec.clusterIP !== options.kubernetesServiceIP;
  if (moved) actions.push({ kind: 'delete-service', uid: service.metadata.uid });
  if (service === undefined || moved) actions.push({ kind: 'create-service', service: wantedService(options) });

  const subsets = wantedSubsets(options);
  if (endpoints === undefined) {
    actions.push({ kind: 'create-endpoints', subsets });
  } else if (!equalJson((endpoints.subsets ?? []) as unknown as Json, subsets as unknown as Json)) {
    actions.push({ kind: 'update-endpoints', resourceVersion: endpoints.metadata.resourceVersion, subsets });
  }
  const because =
    actions.length === 0
      ? 'the cluster has its own objects'
      : 'the cluster lacks some of its own objects, or has them otherwise';
  return { actions, because };
}
