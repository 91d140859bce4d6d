/** Discovery, plain: the lists that a client reads one by one (meta/v1). Pure; aggregated-lists.ts has it in two answers. */
import { type DiscoveredResource, groupVersionOf, parseGroupVersion } from './served-resources.ts';

/** `/api`. No client has a better address than the one it came by. */
export function apiVersions(served: readonly DiscoveredResource[]): unknown {
  return { kind: 'APIVersions', versions: versionsOf(served, ''), serverAddressByClientCIDRs: [] };
}

/** `/apis`. */
export function apiGroupList(served: readonly DiscoveredResource[]): unknown {
  return { kind: 'APIGroupList', apiVersion: 'v1', groups: groupsOf(served).map((name) => groupEntry(served, name)) };
}

/** `/apis/G`. */
export function apiGroup(served: readonly DiscoveredResource[], name: string): unknown {
  return { kind: 'APIGroup', apiVersion: 'v1', ...groupEntry(served, name) };
}

/** `/api/v1`, `/apis/G/V`. */
export function apiResourceList(served: readonly DiscoveredResource[], groupVersion: string): unknown {
  return {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion,
    resources: served.filter((resource) => groupVersionOf(resource) === groupVersion).flatMap(resourceEntries),
  };
}

/** The named groups that have a resource; the core group is not one of them. */
export function groupsOf(served: readonly DiscoveredResource[]): readonly string[] {
  return [...new Set(served.map(({ group }) => group))].filter((group) => group !== '');
}

/** The preferred one first. */
export function versionsOf(served: readonly DiscoveredResource[], group: string): readonly string[] {
  return [...new Set(served.filter((resource) => resource.group === group).map(({ version }) => version))];
}

function groupEntry(served: readonly DiscoveredResource[], name: string) {
  const versions = versionsOf(served, name).map((version) => ({
    groupVersion: groupVersionOf({ group: name, version }),
    version,
  }));
  return { name, versions, preferredVersion: versions[0] };
}

function resourceEntries(resource: DiscoveredResource): readonly unknown[] {
  const { singular, namespaced, kind, verbs, shortNames, categories } = resource;
  return [
    {
      name: resource.resource,
      singularName: singular,
      namespaced,
      kind,
      verbs,
      ...(shortNames.length > 0 && { shortNames }),
      ...(categories.length > 0 && { categories }),
    },
    ...Object.entries(resource.subresources).map(([name, { kind, apiVersion, verbs }]) => ({
      name: `${resource.resource}/${name}`,
      singularName: '',
      namespaced,
      ...(apiVersion !== undefined && parseGroupVersion(apiVersion)),
      kind,
      verbs,
    })),
  ];
}
