/** The admissions of a cluster, in the order in which they look at a write. Whoever opens a registry asks here. */
import type { Clock } from '../../../ports/clock.ts';
import type { Random } from '../../../ports/random.ts';
import type { Store } from '../../../ports/store.ts';
import type { Admission } from './admission.ts';
import { ClaimExpansion } from './claim-expansion.ts';
import type { ServiceAddressOptions } from './free-addresses.ts';
import { LimitRanges } from './limit-ranges.ts';
import { NamespaceExists } from './namespace-exists.ts';
import { NamespacePolicies, type PolicyCache } from './namespace-policies.ts';
import { PodServiceAccount, type PodServiceAccountOptions } from './pod-service-account.ts';
import { ResourceQuotas } from './resource-quotas.ts';
import { ServiceAddresses } from './service-addresses.ts';

export interface StandardAdmissionDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  /** The cache that follows the registry; it comes after it. Absent where none does. */
  readonly cache?: () => PolicyCache;
}

export type AdmissionOptions = ServiceAddressOptions & PodServiceAccountOptions;

export function standardAdmissions(options: AdmissionOptions, deps: StandardAdmissionDeps): Admission[] {
  const { store, clock, cache } = deps;
  const policies = new NamespacePolicies(store, () => cache?.());
  return [
    new NamespaceExists(store),
    new PodServiceAccount(options, deps),
    new ClaimExpansion(store),
    new LimitRanges(policies),
    new ServiceAddresses(options, deps),
    // Last: what it counts, no other may refuse any more.
    new ResourceQuotas({ store, clock, policies }),
  ];
}
