/**
 * What an object uses of a quota, and which quotas count it. Admission and the resource-quota loop both ask here, so that they
 * never count differently. Pure. Source: pkg/quota/v1/evaluator/core.
 */

import type { PersistentVolumeClaim } from '../kinds/persistent-volume-claim.ts';
import type { QuotaScope, ResourceQuota } from '../kinds/resource-quota.ts';
import { type AnyObject, KINDS, type Kind } from '../kinds.ts';
import { type Container, declaredContainers, isPodTerminal, type Pod, type PodSpec } from '../pod.ts';
import { podTotal } from '../pod-total.ts';
import { qosClass } from '../qos-class.ts';
import type { Service } from '../service.ts';
import { addLists, maxLists, type ResourceList } from './resource-list.ts';

const POD_RESOURCES = new Set([
  'pods',
  ...['cpu', 'memory', 'ephemeral-storage'].flatMap((name) => [name, `requests.${name}`, `limits.${name}`]),
]);
/** A quota of these demands that every container says how much it takes. */
const MUST_BE_SPECIFIED = new Set(['cpu', 'memory', 'requests.cpu', 'requests.memory', 'limits.cpu', 'limits.memory']);
const SERVICE_RESOURCES = new Set(['services', 'services.nodeports', 'services.loadbalancers']);
const CLAIM_RESOURCES = new Set(['persistentvolumeclaims', 'requests.storage']);
const STORAGE_CLASS = '.storageclass.storage.k8s.io/';
/** Counted by their plain name too, as before there was `count/`. */
const PLAIN_COUNTS = new Set<Kind>(['ReplicationController', 'ConfigMap', 'Secret', 'ResourceQuota']);

/** Whether objects of the kind can be counted at all. Events come and go by themselves. */
export function isCounted(kind: Kind): boolean {
  return KINDS[kind].namespaced && KINDS[kind].cached;
}

/** `count/pods`, `count/endpointslices.discovery.k8s.io` */
export function objectCountName(kind: Kind): string {
  const { plural, apiVersion } = KINDS[kind];
  const [group, version] = apiVersion.split('/');
  return `count/${plural}${version === undefined ? '' : `.${group}`}`;
}

/** Whether objects of the kind use the resource. */
export function countsToward(kind: Kind, resource: string): boolean {
  if (resource === objectCountName(kind)) return true;
  switch (kind) {
    case 'Pod':
      return POD_RESOURCES.has(resource) || isHugePages(resource) || isExtendedRequest(resource);
    case 'Service':
      return SERVICE_RESOURCES.has(resource);
    case 'PersistentVolumeClaim':
      return CLAIM_RESOURCES.has(resource) || resource.includes(STORAGE_CLASS);
    default:
      return PLAIN_COUNTS.has(kind) && resource === KINDS[kind].plural;
  }
}

/** Whether the quota counts the object: its scopes hold, and it limits something that such objects use. */
export function isCountedBy({ spec }: ResourceQuota, object: AnyObject): boolean {
  const { hard = {}, scopeSelector: { matchExpressions = [] } = {} } = spec;
  const scopes = [...(spec.scopes ?? []), ...matchExpressions.map(({ scopeName }) => scopeName)];
  if (scopes.length > 0 && object.kind !== 'Pod') return false;
  return (
    scopes.every((scope) => isInScope(object as Pod, scope)) &&
    Object.keys(hard).some((resource) => countsToward(object.kind, resource))
  );
}

/** `now` in milliseconds since the epoch. */
export function usageOf(object: AnyObject, now: number): ResourceList {
  const one = { [objectCountName(object.kind)]: '1' };
  switch (object.kind) {
    case 'Pod':
      return isOver(object, now) ? one : { ...one, ...podUsage(object.spec) };
    case 'Service':
      return { ...one, ...serviceUsage(object) };
    case 'PersistentVolumeClaim':
      return { ...one, ...claimUsage(object) };
    default:
      return PLAIN_COUNTS.has(object.kind) ? { ...one, [KINDS[object.kind].plural]: '1' } : one;
  }
}

/** When a pod that is being deleted stops to count although it is still there: its node may never say that it ended. */
export function countsUntil(pod: Pod): number | undefined {
  const { deletionTimestamp, deletionGracePeriodSeconds = 0 } = pod.metadata;
  if (deletionTimestamp === undefined || isPodTerminal(pod)) return undefined;
  return Date.parse(deletionTimestamp) + deletionGracePeriodSeconds * 1000;
}

/** `requests.cpu for: web,side; limits.cpu for: web`; undefined where every container says what the quota counts. */
export function unspecifiedOf(pod: Pod, resources: readonly string[]): string | undefined {
  const missing = resources
    .filter((resource) => MUST_BE_SPECIFIED.has(resource))
    .sort()
    .flatMap((resource) => {
      const names = declaredContainers(pod.spec)
        .filter(({ resources: own }) => computeUsage(own?.requests, own?.limits)[resource] === undefined)
        .map(({ name }) => name);
      return names.length === 0 ? [] : [`${resource} for: ${names.sort().join(',')}`];
    });
  return missing.length === 0 ? undefined : missing.join('; ');
}

function isOver(pod: Pod, now: number): boolean {
  return isPodTerminal(pod) || (countsUntil(pod) ?? Number.POSITIVE_INFINITY) < now;
}

function isInScope({ spec }: Pod, scope: QuotaScope): boolean {
  switch (scope) {
    case 'BestEffort':
      return qosClass(spec) === 'BestEffort';
    case 'NotBestEffort':
      return qosClass(spec) !== 'BestEffort';
    case 'Terminating':
      return isTerminating(spec);
    case 'NotTerminating':
      return !isTerminating(spec);
  }
}

/** It ends by itself, at the latest when its time is up. */
function isTerminating({ activeDeadlineSeconds }: PodSpec): boolean {
  return activeDeadlineSeconds !== undefined;
}

function podUsage(spec: PodSpec): ResourceList {
  const of = ({ resources }: Container) => computeUsage(resources?.requests, resources?.limits);
  return { ...podTotal<ResourceList>(spec, { of, add: addLists, max: maxLists }, {}), pods: '1' };
}

function computeUsage(requests: ResourceList = {}, limits: ResourceList = {}): Record<string, string> {
  const used: Record<string, string> = {};
  for (const [name, amount] of Object.entries(requests)) {
    used[`requests.${name}`] = amount;
    if (POD_RESOURCES.has(name) || isHugePages(name)) used[name] = amount;
  }
  for (const [name, amount] of Object.entries(limits)) {
    if (POD_RESOURCES.has(name)) used[`limits.${name}`] = amount;
  }
  return used;
}

function serviceUsage({ spec }: Service): ResourceList {
  const type: string = spec.type;
  const isBalanced = type === 'LoadBalancer';
  const nodePorts = type === 'NodePort' || isBalanced ? spec.ports.length : 0;
  return { services: '1', 'services.nodeports': `${nodePorts}`, 'services.loadbalancers': isBalanced ? '1' : '0' };
}

function claimUsage({ spec }: PersistentVolumeClaim): ResourceList {
  const used: Record<string, string> = {
    persistentvolumeclaims: '1',
    'requests.storage': spec.resources.requests.storage ?? '0',
  };
  const { storageClassName } = spec;
  if (!storageClassName) return used;
  const ofClass = Object.entries(used).map(([name, amount]) => [`${storageClassName}${STORAGE_CLASS}${name}`, amount]);
  return { ...used, ...Object.fromEntries(ofClass) };
}

function isHugePages(resource: string): boolean {
  return resource.startsWith('hugepages-') || resource.startsWith('requests.hugepages-');
}

/** `requests.example.com/gpu`: resources that are not Kubernetes' own are counted by their requests only. */
function isExtendedRequest(resource: string): boolean {
  return resource.startsWith('requests.') && resource.includes('/') && !resource.includes('kubernetes.io/');
}
