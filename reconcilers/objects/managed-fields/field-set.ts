/**
 * Sets of fields as trees, and their arithmetic: who owns what in an object. A node may be in the set itself, have members below
 * it, or both; to own a parent is not to own its children. Pure; sets are never changed once they are handed out.
 */
import { compareElements, describeElement, type PathElement } from './path-element.ts';

export interface FieldNode {
  /** Whether this very field is in the set. */
  readonly owned: boolean;
  readonly children: FieldSet;
}

/** Every node is owned or has children that are. */
export type FieldSet = ReadonlyMap<PathElement, FieldNode>;

export const EMPTY: FieldSet = new Map();
export const LEAF: FieldNode = { owned: true, children: EMPTY };

/** What is in either. */
export function union(a: FieldSet, b: FieldSet): FieldSet {
  if (a.size === 0 || a === b) return b;
  if (b.size === 0) return a;
  const result = new Map(a);
  for (const [element, node] of b) {
    const other = a.get(element);
    result.set(
      element,
      other === undefined ? node : { owned: node.owned || other.owned, children: union(other.children, node.children) },
    );
  }
  return result;
}

/** What is in both. */
export function intersection(a: FieldSet, b: FieldSet): FieldSet {
  if (a.size === 0 || b.size === 0) return EMPTY;
  const result = new Map<PathElement, FieldNode>();
  for (const [element, node] of a) {
    const other = b.get(element);
    if (other === undefined) continue;
    put(result, element, node.owned && other.owned, intersection(node.children, other.children));
  }
  return result;
}

/** What is in `a` and not in `b`: a parent that goes takes no child with it. */
export function difference(a: FieldSet, b: FieldSet): FieldSet {
  if (a.size === 0 || b.size === 0) return a;
  const result = new Map<PathElement, FieldNode>();
  for (const [element, node] of a) {
    const other = b.get(element);
    if (other === undefined) result.set(element, node);
    else put(result, element, node.owned && !other.owned, difference(node.children, other.children));
  }
  return result;
}

/** As {@link difference}, but what goes takes all below it with it. */
export function without(a: FieldSet, b: FieldSet): FieldSet {
  if (a.size === 0 || b.size === 0) return a;
  const result = new Map<PathElement, FieldNode>();
  for (const [element, node] of a) {
    const other = b.get(element);
    if (other === undefined) result.set(element, node);
    else if (!other.owned) put(result, element, node.owned, without(node.children, other.children));
  }
  return result;
}

/** Adds the node unless nothing is in it. */
export function put(set: Map<PathElement, FieldNode>, element: PathElement, owned: boolean, children: FieldSet): void {
  if (owned || children.size > 0) set.set(element, children.size === 0 ? LEAF : { owned, children });
}

export function equalSets(a: FieldSet, b: FieldSet): boolean {
  if (a === b) return true;
  if (a.size !== b.size) return false;
  for (const [element, node] of a) {
    const other = b.get(element);
    if (other === undefined || node.owned !== other.owned || !equalSets(node.children, other.children)) return false;
  }
  return true;
}

/** The paths in the set, each as messages show it: `.spec.containers[name="web"].image`. A level's own come before those below. */
export function pathsOf(set: FieldSet, prefix = ''): string[] {
  const elements = [...set.keys()].toSorted(compareElements);
  const own = elements.filter((element) => set.get(element)?.owned).map((element) => prefix + describeElement(element));
  const below = elements.flatMap((element) =>
    pathsOf(set.get(element)?.children ?? EMPTY, prefix + describeElement(element)),
  );
  return [...own, ...below];
}

/** The set of these paths. */
export function setOfPaths(...paths: readonly (readonly PathElement[])[]): FieldSet {
  return paths.map(pathSet).reduce(union, EMPTY);
}

function pathSet([first, ...rest]: readonly PathElement[]): FieldSet {
  if (first === undefined) return EMPTY;
  return new Map([[first, rest.length === 0 ? LEAF : { owned: false, children: pathSet(rest) }]]);
}
