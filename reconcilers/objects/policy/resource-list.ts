/** Arithmetic of amounts by resource name, as quotas do it (k8s.io/apiserver/pkg/quota/v1). Never touches its arguments. Pure. */
import { addQuantities, canonicalQuantity, compareQuantities, subtractQuantities } from '../quantity.ts';

/** Quantities by resource name: `pods`, `requests.cpu`, `count/services`. */
export type ResourceList = Readonly<Record<string, string>>;

export function addLists(a: ResourceList, b: ResourceList): Record<string, string> {
  const sum = { ...a };
  for (const [name, amount] of Object.entries(b)) sum[name] = addQuantities(sum[name] ?? '0', amount);
  return sum;
}

/** Of each resource the more. */
export function maxLists(a: ResourceList, b: ResourceList): Record<string, string> {
  const most = { ...a };
  for (const [name, amount] of Object.entries(b)) {
    const other = most[name];
    if (other === undefined || compareQuantities(amount, other) > 0) most[name] = amount;
  }
  return most;
}

/** What `next` has more than `previous`; what did not grow is left out. */
export function increaseOf(next: ResourceList, previous: ResourceList): Record<string, string> {
  const differences = Object.entries(next).map(
    ([name, amount]) => [name, subtractQuantities(amount, previous[name] ?? '0')] as const,
  );
  return Object.fromEntries(differences.filter(([, amount]) => compareQuantities(amount, '0') > 0));
}

export function pick(list: ResourceList, names: Iterable<string>): Record<string, string> {
  return Object.fromEntries([...names].flatMap((name) => (list[name] === undefined ? [] : [[name, list[name]]])));
}

/** Whether both name the same resources with the same amounts, however written. */
export function equalLists(a: ResourceList = {}, b: ResourceList = {}): boolean {
  const names = Object.keys(a);
  return (
    names.length === Object.keys(b).length &&
    names.every((name) => b[name] !== undefined && compareQuantities(a[name] as string, b[name]) === 0)
  );
}

/** `pods=1,requests.cpu=500m` */
export function formatList(list: ResourceList): string {
  return Object.keys(list)
    .sort()
    .map((name) => `${name}=${canonicalQuantity(list[name] as string)}`)
    .join(',');
}
