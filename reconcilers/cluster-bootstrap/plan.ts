/** Compares the cluster with what every cluster has. Pure. */
import type { Plan } from '../kit/reconciler.ts';
import { equalJson, type Json } from '../objects/json.ts';
import type { Draft } from '../objects/meta.ts';
import { keyOf } from '../objects/meta.ts';
import type { Service } from '../objects/service.ts';
import type { ClusterBootstrapAction } from './actions.ts';
import type { ObservedCluster } from './observe.ts';
import {
  type ClusterOptions,
  SYSTEM_NAMESPACES,
  wantedDnsService,
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

  const { service, dnsService, endpoints } = observed;
  actions.push(...serviceActions(service, wantedService(options)));
  // Whoever runs DNS servers in pods has a kube-dns of his own.
  const isOurs = Object.keys(dnsService?.spec.selector ?? {}).length === 0;
  const { dnsServiceIP } = options;
  if (dnsServiceIP !== undefined && isOurs)
    actions.push(...dnsServiceActions(dnsService, wantedDnsService(dnsServiceIP)));

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

/** Earlier versions kept questions on their node, also where nobody answered there. */
function dnsServiceActions(service: Service | undefined, wanted: Draft<Service>): ClusterBootstrapAction[] {
  const actions = serviceActions(service, wanted);
  if (actions.length > 0 || service?.spec.internalTrafficPolicy !== 'Local') return actions;
  const { trafficDistribution } = wanted.spec;
  const spec: Service['spec'] = { ...service.spec, internalTrafficPolicy: 'Cluster' };
  return [
    {
      kind: 'update-service',
      service: { ...service, spec: { ...spec, ...(trafficDistribution && { trafficDistribution }) } },
    },
  ];
}

/** One that has another address than it should is made anew. */
function serviceActions(service: Service | undefined, wanted: Draft<Service>): ClusterBootstrapAction[] {
  if (service?.spec.clusterIP === wanted.spec.clusterIP) return [];
  const creation: ClusterBootstrapAction = { kind: 'create-service', service: wanted };
  if (service === undefined) return [creation];
  return [{ kind: 'delete-service', service: keyOf(service), uid: service.metadata.uid }, creation];
}
