/**
 * The pods that have a node, counted by domain: by the value of a label of their nodes. A plan makes each count once, and every
 * pod that it places adds to those there are, so that later pods of the batch see it. Never asks anything of pods that no rule is about.
 */
import type { Pod } from '../objects/pod.ts';
import type { NodeView } from './node-view.ts';
import { identityOf } from './pod-term.ts';

export interface CountRule {
  readonly topologyKey: string;
  /** Whether the pod counts. */
  counts(pod: Pod): boolean;
  /** Nodes that make domains, be they empty; absent: all, of which only those with pods are of interest. */
  readonly domains?: readonly NodeView[];
}

/** Pods by domain. */
export type DomainCount = ReadonlyMap<string, number>;

interface PlacedPod {
  readonly pod: Pod;
  readonly node: NodeView;
}

class Tally {
  readonly byDomain = new Map<string, number>();
  readonly #rule: CountRule;
  readonly #nodes: ReadonlySet<string> | undefined;

  constructor(rule: CountRule) {
    this.#rule = rule;
    this.#nodes = rule.domains && new Set(rule.domains.map(({ name }) => name));
    for (const node of rule.domains ?? []) this.#add(node, 0);
  }

  take({ pod, node }: PlacedPod): void {
    if (this.#rule.counts(pod)) this.#add(node, 1);
  }

  #add({ name, labels }: NodeView, count: number): void {
    const domain = labels[this.#rule.topologyKey];
    if (domain === undefined || this.#nodes?.has(name) === false) return;
    this.byDomain.set(domain, (this.byDomain.get(domain) ?? 0) + count);
  }
}

export class PlacedPods {
  readonly #nodes: ReadonlyMap<string, NodeView>;
  /** Those that every rule takes alike: same namespace, same labels, ending or not. */
  readonly #alike = new Map<string, PlacedPod[]>();
  readonly #tallies = new Map<string, Tally>();

  constructor(pods: readonly Pod[], nodes: readonly NodeView[]) {
    this.#nodes = new Map(nodes.map((node) => [node.name, node]));
    for (const pod of pods) this.add(pod, pod.spec.nodeName ?? '');
  }

  /** The pod is on the node from now on. Answers the node, where it is known. */
  add(pod: Pod, nodeName: string): void {
    const node = this.#nodes.get(nodeName);
    if (node === undefined) return;
    const placed = { pod, node };
    const key = likeness(pod);
    const alike = this.#alike.get(key);
    if (alike) alike.push(placed);
    else this.#alike.set(key, [placed]);
    for (const tally of this.#tallies.values()) tally.take(placed);
  }

  /** `key`: equal for rules that count the same. */
  count(key: string, rule: () => CountRule): DomainCount {
    let tally = this.#tallies.get(key);
    if (tally === undefined) {
      const made = rule();
      tally = new Tally(made);
      for (const alike of this.#alike.values()) {
        const [first] = alike;
        if (first === undefined || !made.counts(first.pod)) continue;
        for (const placed of alike) tally.take(placed);
      }
      this.#tallies.set(key, tally);
    }
    return tally.byDomain;
  }
}

const known = new WeakMap<Pod, string>();

function likeness(pod: Pod): string {
  let key = known.get(pod);
  if (key === undefined) {
    const { namespace = '', labels = {}, deletionTimestamp } = pod.metadata;
    key = identityOf(namespace, labels, deletionTimestamp !== undefined);
    known.set(pod, key);
  }
  return key;
}
