/**
 * What LimitRanges make of a new pod or claim: defaults for what its containers leave out, and what breaks their bounds. Pure but for
 * the defaults, which are filled in in place. Source: plugin/pkg/admission/limitranger, whose texts these are.
 */
import type { LimitRange, LimitRangeItem } from '../kinds/limit-range.ts';
import type { PersistentVolumeClaim } from '../kinds/persistent-volume-claim.ts';
import { type Container, declaredContainers, type Pod, type PodSpec } from '../pod.ts';
import { podTotal } from '../pod-total.ts';
import { canonicalQuantity, compareQuantities, parseQuantity } from '../quantity.ts';
import { addLists, maxLists, pick, type ResourceList } from './resource-list.ts';

/** On a pod: what was filled in. */
export const ANNOTATION_LIMIT_RANGER = 'kubernetes.io/limit-ranger';

interface Amounts {
  readonly requests: ResourceList;
  readonly limits: ResourceList;
}

/** Fills in, in place, what the pod's containers do not say. */
export function applyLimitDefaults(pod: Pod, ranges: readonly LimitRange[]): void {
  const items = ranges.flatMap(({ spec }) => spec.limits).filter(({ type }) => type === 'Container');
  const set = declaredContainers(pod.spec).flatMap((container) => {
    const requests = fillIn(
      container,
      'requests',
      items.map(({ defaultRequest }) => defaultRequest),
    );
    const limits = fillIn(
      container,
      'limits',
      items.map((item) => item.default),
    );
    const { name } = container;
    const whose = pod.spec.containers.includes(container) ? `container ${name}` : `init container ${name}`;
    return [...told(requests, 'request', whose), ...told(limits, 'limit', whose)];
  });
  if (set.length === 0) return;
  const text = `LimitRanger plugin set: ${set.join('; ')}`;
  pod.metadata.annotations = { ...pod.metadata.annotations, [ANNOTATION_LIMIT_RANGER]: text };
}

/** What the range forbids of the object; empty where nothing. */
export function limitViolations(object: Pod | PersistentVolumeClaim, range: LimitRange): string[] {
  return range.spec.limits.flatMap((item) => {
    if (object.kind === 'PersistentVolumeClaim') {
      return item.type === object.kind ? claimViolations(item, object.spec.resources.requests) : [];
    }
    const { spec } = object;
    if (item.type === 'Container') return declaredContainers(spec).flatMap((each) => violations(item, amountsOf(each)));
    return item.type === 'Pod' ? violations(item, inAll(spec)) : [];
  });
}

/** Answers the names of what was missing, sorted. */
function fillIn(
  container: Container,
  field: 'requests' | 'limits',
  defaults: readonly (ResourceList | undefined)[],
): string[] {
  // Of several ranges the first gives, as each only fills what is still open.
  const given = container.resources?.[field] ?? {};
  const filled = Object.assign({}, ...defaults.toReversed(), given) as Record<string, string>;
  const names = Object.keys(filled).filter((name) => !Object.hasOwn(given, name));
  if (names.length > 0) container.resources = { ...container.resources, [field]: filled };
  return names.sort();
}

function told(names: readonly string[], what: string, whose: string): string[] {
  return names.length === 0 ? [] : [`${names.join(', ')} ${what} for ${whose}`];
}

function violations(item: LimitRangeItem, amounts: Amounts): string[] {
  const { type, min = {}, max = {}, maxLimitRequestRatio = {} } = item;
  return [
    ...each(min, (name, bound) => belowMinimum(type, name, bound, amounts)),
    ...each(max, (name, bound) => aboveMaximum(type, name, bound, amounts)),
    ...each(maxLimitRequestRatio, (name, bound) => aboveRatio(type, name, bound, amounts)),
  ];
}

function claimViolations({ type, min = {}, max = {} }: LimitRangeItem, requests: ResourceList): string[] {
  const bounded = (word: string, isBroken: (comparison: number) => boolean) => (name: string, bound: string) => {
    const usage = `${word} ${name} usage per ${type} is ${canonicalQuantity(bound)}`;
    const request = requests[name];
    if (request === undefined) return `${usage}.  No request is specified`;
    const broken = isBroken(compareQuantities(request, bound));
    return broken ? `${usage}, but request is ${canonicalQuantity(request)}` : undefined;
  };
  return [
    ...each(
      min,
      bounded('minimum', (comparison) => comparison < 0),
    ),
    ...each(
      max,
      bounded('maximum', (comparison) => comparison > 0),
    ),
  ];
}

function belowMinimum(type: string, name: string, bound: string, { requests, limits }: Amounts): string | undefined {
  const usage = `minimum ${name} usage per ${type} is ${canonicalQuantity(bound)}`;
  const [request, limit] = [requests[name], limits[name]];
  if (request === undefined) return `${usage}.  No request is specified`;
  if (compareQuantities(request, bound) < 0) return `${usage}, but request is ${canonicalQuantity(request)}`;
  if (limit !== undefined && compareQuantities(limit, bound) < 0) {
    return `${usage}, but limit is ${canonicalQuantity(limit)}`;
  }
  return undefined;
}

function aboveMaximum(type: string, name: string, bound: string, { requests, limits }: Amounts): string | undefined {
  const usage = `maximum ${name} usage per ${type} is ${canonicalQuantity(bound)}`;
  const [request, limit] = [requests[name], limits[name]];
  if (limit === undefined) return `${usage}.  No limit is specified`;
  if (compareQuantities(limit, bound) > 0) return `${usage}, but limit is ${canonicalQuantity(limit)}`;
  if (request !== undefined && compareQuantities(request, bound) > 0) {
    return `${usage}, but request is ${canonicalQuantity(request)}`;
  }
  return undefined;
}

function aboveRatio(type: string, name: string, bound: string, { requests, limits }: Amounts): string | undefined {
  const most = `${name} max limit to request ratio per ${type} is ${canonicalQuantity(bound)}`;
  const [request, limit] = [numberOf(requests[name]), numberOf(limits[name])];
  if (request === 0) return `${most}, but no request is specified or request is 0`;
  if (limit === 0) return `${most}, but no limit is specified or limit is 0`;
  const ratio = limit / request;
  return ratio > numberOf(bound) / numberOf('1') ? `${most}, but provided ratio is ${ratio.toFixed(6)}` : undefined;
}

function each(bounds: ResourceList, check: (name: string, bound: string) => string | undefined): string[] {
  return Object.entries(bounds).flatMap(([name, bound]) => check(name, bound) ?? []);
}

function amountsOf({ resources }: Container): Amounts {
  return { requests: resources?.requests ?? {}, limits: resources?.limits ?? {} };
}

/** What all containers say, together; what one leaves open is not known of the pod. */
function inAll(spec: PodSpec): Amounts {
  return { requests: totalOf(spec, 'requests'), limits: totalOf(spec, 'limits') };
}

function totalOf(spec: PodSpec, field: keyof Amounts): ResourceList {
  const [first = {}, ...rest] = spec.containers.map((container) => amountsOf(container)[field]);
  const common = Object.keys(first).filter((name) => rest.every((list) => list[name] !== undefined));
  const of = (container: Container) => pick(amountsOf(container)[field], common);
  return podTotal<ResourceList>(spec, { of, add: addLists, max: maxLists }, {});
}

/** In billionths. */
function numberOf(quantity: string | undefined): number {
  return quantity === undefined ? 0 : Number(parseQuantity(quantity)?.nanos ?? 0n);
}
