/**
 * Discovery, aggregated: all resources of `/api` or of `/apis` in one answer (apidiscovery.k8s.io). v2 for clients since 1.30, v2beta1
 * for those before; the two differ in their name only. Pure.
 */
import { groupsOf, versionsOf } from './lists.ts';
import { type DiscoveredResource, parseGroupVersion } from './served-resources.ts';

export type AggregatedVersion = 'v2' | 'v2beta1';

/** `/api` in one answer. */
export function aggregatedCore(served: readonly DiscoveredResource[], version: AggregatedVersion): unknown {
  return list(version, [{ metadata: {}, versions: versionEntries(served, '') }]);
}

/** `/apis` in one answer. */
export function aggregatedGroups(served: readonly DiscoveredResource[], version: AggregatedVersion): unknown {
  const groups = groupsOf(served).map((name) => ({ metadata: { name }, versions: versionEntries(served, name) }));
  return list(version, groups);
}

function list(version: AggregatedVersion, items: readonly unknown[]): unknown {
  return { kind: 'APIGroupDiscoveryList', apiVersion: `apidiscovery.k8s.io/${version}`, metadata: {}, items };
}

function versionEntries(served: readonly DiscoveredResource[], group: string): readonly unknown[] {
  return versionsOf(served, group).map((version) => ({
    version,
    freshness: 'Current',
    resources: served.filter((resource) => resource.group === group && resource.version === version).map(resourceEntry),
  }));
}

function resourceEntry(resource: DiscoveredResource): unknown {
  const { group, version, kind, shortNames, categories } = resource;
  const subresources = Object.entries(resource.subresources).map(([subresource, entry]) => ({
    subresource,
    responseKind: {
      ...(entry.apiVersion === undefined ? { group, version } : parseGroupVersion(entry.apiVersion)),
      kind: entry.kind,
    },
    verbs: entry.verbs,
  }));
  return {
    resource: resource.resource,
    responseKind: { group, version, kind },
    scope: resource.namespaced ? 'Namespaced' : 'Cluster',
    singularResource: resource.singular,
    verbs: resource.verbs,
    ...(shortNames.length > 0 && { shortNames }),
    ...(categories.length > 0 && { categories }),
    ...(subresources.length > 0 && { subresources }),
  };
}
