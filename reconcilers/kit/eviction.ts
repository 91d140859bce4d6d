/**
 * An eviction: a pod is deleted if its PodDisruptionBudget allows. Called by the API server for `pods/eviction`. The budget's status
 * is the ledger: it is lowered by compare-and-swap before the pod goes, and the disruption loop makes it true again.
 * Source: pkg/registry/core/pod/storage/eviction.go, whose texts these are.
 */
import type { PodDisruptionBudget } from '../objects/kinds/pod-disruption-budget.ts';
import { keyOf, type ObjectKey, toTimestamp } from '../objects/meta.ts';
import { isPodReady, isPodTerminal, type Pod } from '../objects/pod.ts';
import { protects, withCondition } from '../objects/policy/disruption-budget.ts';
import { withDisruptionTarget } from '../objects/policy/disruption-target.ts';
import type { Clock } from '../ports/clock.ts';
import { isSampanError, SampanError } from '../ports/errors.ts';
import type { DeleteOptions, RegistryClient } from '../ports/object-client.ts';

/** More evictions than that, none of them seen to have happened, say that nobody counts. */
const MOST_DISRUPTED = 2_000;
/** How often a pod that changes meanwhile is looked at again. */
const RACES = 20;
/** When to ask again about a budget that is not counted yet. */
const RETRY_AFTER_SECONDS = 10;

export interface EvictionDeps {
  readonly client: Pick<RegistryClient, 'get' | 'list' | 'modify' | 'delete'>;
  readonly clock: Clock;
}

/**
 * `options`: of the Eviction's `deleteOptions`; with `dryRun` nothing is written. Throws NotFound, Conflict (a precondition),
 * EvictionRefused (not now), SeveralBudgets.
 */
export async function evictPod(key: ObjectKey, options: DeleteOptions, deps: EvictionDeps): Promise<void> {
  for (let race = 0; ; race++) {
    const pod = await deps.client.get('Pod', key);
    if (pod === undefined) throw new SampanError('NotFound', { resource: 'pods', name: key.name });
    const protection = await protectionOf(pod, deps);
    if (protection.kind === 'budget') {
      await takeFrom(protection.budget, pod, options, deps);
      return remove(pod, options, deps);
    }
    // Nothing protects the pod as it is now: it must not become healthy before it goes.
    const asSeen = protection.kind === 'unprotected' ? { resourceVersion: pod.metadata.resourceVersion } : {};
    try {
      return await remove(pod, { ...asSeen, ...options }, deps);
    } catch (error) {
      const isOwnCondition = asSeen.resourceVersion !== undefined && options.resourceVersion === undefined;
      if (!isOwnCondition || race >= RACES || !isSampanError(error, 'Conflict')) throw error;
    }
  }
}

type Protection =
  /** There is nothing to protect: it has no budget, has ended, or is going. */
  | { readonly kind: 'none' }
  /** It would be protected if it were healthy. */
  | { readonly kind: 'unprotected' }
  | { readonly kind: 'budget'; readonly budget: PodDisruptionBudget };

async function protectionOf(pod: Pod, { client }: EvictionDeps): Promise<Protection> {
  if (isPodTerminal(pod) || pod.metadata.deletionTimestamp !== undefined) return { kind: 'none' };
  if (pod.status.phase === 'Pending') return { kind: 'unprotected' };
  const { items } = await client.list('PodDisruptionBudget', { namespace: pod.metadata.namespace ?? '' });
  const [budget, ...others] = items.filter((candidate) => protects(candidate, pod));
  if (others.length > 0) throw new SampanError('SeveralBudgets');
  if (budget === undefined) return { kind: 'none' };
  if (isPodReady(pod)) return { kind: 'budget', budget };
  const { currentHealthy, desiredHealthy } = budget.status;
  const isWhole = currentHealthy >= desiredHealthy && desiredHealthy > 0;
  const alwaysGoes = budget.spec.unhealthyPodEvictionPolicy === 'AlwaysAllow';
  return alwaysGoes || isWhole ? { kind: 'unprotected' } : { kind: 'budget', budget };
}

/** Counts the eviction on the budget, or refuses it. */
async function takeFrom(
  { metadata }: PodDisruptionBudget,
  pod: Pod,
  { dryRun = false }: DeleteOptions,
  { client, clock }: EvictionDeps,
): Promise<void> {
  const now = clock.now();
  const take = (budget: PodDisruptionBudget): PodDisruptionBudget => {
    checkBudget(budget);
    const { status } = budget;
    const disruptedPods = { ...status.disruptedPods, [pod.metadata.name]: toTimestamp(now) };
    const lowered = { ...status, disruptionsAllowed: status.disruptionsAllowed - 1, disruptedPods };
    return { ...budget, status: withCondition(lowered, now) };
  };
  await client.modify('PodDisruptionBudget', keyOf({ metadata }), take, { uid: metadata.uid, part: 'status', dryRun });
}

function checkBudget({ metadata, status }: PodDisruptionBudget): void {
  const { name, generation = 0 } = metadata;
  const { observedGeneration = 0, disruptionsAllowed, disruptedPods = {}, desiredHealthy, currentHealthy } = status;
  if (observedGeneration < generation) {
    const message = `The disruption budget ${name} is still being processed by the server.`;
    throw evictionRefused(message, RETRY_AFTER_SECONDS);
  }
  if (Object.keys(disruptedPods).length > MOST_DISRUPTED) {
    const detail = 'DisruptedPods map too big - too many evictions not confirmed by PDB controller';
    throw new SampanError('Forbidden', { resource: 'poddisruptionbudgets', name, detail });
  }
  if (disruptionsAllowed <= 0) {
    // Without a time: clients that are given one wait for it in silence, kubectl says what it waits for.
    const needs = `needs ${desiredHealthy} healthy pods and has ${currentHealthy} currently`;
    throw evictionRefused(`The disruption budget ${name} ${needs}`, 0);
  }
}

/** Says on the pod why it goes, then deletes it. */
async function remove(pod: Pod, options: DeleteOptions, { client, clock }: EvictionDeps): Promise<void> {
  const { dryRun = false, uid = pod.metadata.uid, resourceVersion, ...rest } = options;
  const key = keyOf(pod);
  const asked = resourceVersion === undefined ? {} : { resourceVersion };
  if (dryRun || isPodTerminal(pod)) {
    await client.delete('Pod', key, { ...rest, ...asked, uid, dryRun });
    return;
  }
  const now = clock.now();
  const told = (current: Pod) => withDisruptionTarget(current, 'EvictionByEvictionAPI', 'Eviction API: evicting', now);
  const marked = await client.modify('Pod', key, told, { ...asked, uid, part: 'status' });
  const asMarked = resourceVersion === undefined ? {} : { resourceVersion: marked.metadata.resourceVersion };
  await client.delete('Pod', key, { ...rest, ...asMarked, uid });
}

function evictionRefused(message: string, retryAfterSeconds: number): SampanError {
  return new SampanError('EvictionRefused', { causes: [{ reason: 'DisruptionBudget', message }], retryAfterSeconds });
}
