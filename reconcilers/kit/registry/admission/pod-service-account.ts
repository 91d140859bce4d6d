/**
 * A new pod gets a ServiceAccount, and what comes with it: the volume by which its containers speak to the API server, and the secrets
 * with which its images are pulled.
 * https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#serviceaccount
 *
 * The account `default` of a namespace is made by a loop, a moment after the namespace and again whenever it is deleted. A pod that
 * comes in between is admitted as it will be then: nothing that is declared fails because of a loop that has not had its turn.
 */

import { DEFAULT_SERVICE_ACCOUNT, type ServiceAccount } from '../../../objects/kinds/service-account.ts';
import { KINDS, type ObjectOf, storeKey } from '../../../objects/kinds.ts';
import type { PodSpec } from '../../../objects/pod.ts';
import { withServiceAccountVolume } from '../../../objects/service-account-volume.ts';
import { SampanError } from '../../../ports/errors.ts';
import { nameSuffix, type Random } from '../../../ports/random.ts';
import type { Store } from '../../../ports/store.ts';
import { parseStored } from '../stored-object.ts';
import { type Addition, type Admission, type AdmittedWrite, NOTHING } from './admission.ts';

export interface PodServiceAccountOptions {
  /** Whether pods can reach the API server; without it, a token would be of no use to them. */
  readonly isApiReachable: boolean;
}

export class PodServiceAccount implements Admission {
  readonly #options: PodServiceAccountOptions;
  readonly #deps: { readonly store: Store; readonly random: Random };

  constructor(options: PodServiceAccountOptions, deps: { readonly store: Store; readonly random: Random }) {
    this.#options = options;
    this.#deps = deps;
  }

  async admit({ operation, object }: AdmittedWrite): Promise<Addition> {
    if (operation !== 'create' || object.kind !== 'Pod') return NOTHING;
    const name = object.spec.serviceAccountName ?? DEFAULT_SERVICE_ACCOUNT;
    const account = await this.#find(object, name);
    const spec = { ...withPullSecrets(object.spec, account), serviceAccountName: name, serviceAccount: name };
    const wantsToken = spec.automountServiceAccountToken ?? account?.automountServiceAccountToken ?? true;
    const isMounted = wantsToken && this.#options.isApiReachable;
    object.spec = isMounted ? withServiceAccountVolume(spec, nameSuffix(this.#deps.random)) : spec;
    return NOTHING;
  }

  async #find({ metadata }: ObjectOf<'Pod'>, name: string): Promise<ServiceAccount | undefined> {
    const { namespace = '' } = metadata;
    const stored = await this.#deps.store.get(storeKey('ServiceAccount', { namespace, name }));
    if (stored !== undefined) return parseStored('ServiceAccount', stored);
    if (name === DEFAULT_SERVICE_ACCOUNT) return undefined;
    throw new SampanError('Forbidden', {
      resource: KINDS.Pod.plural,
      name: metadata.name,
      detail: `error looking up service account ${namespace}/${name}: serviceaccount "${name}" not found`,
    });
  }
}

/** The account's, where the pod names none of its own. */
function withPullSecrets(spec: PodSpec, { imagePullSecrets: theirs = [] }: Partial<ServiceAccount> = {}): PodSpec {
  if ((spec.imagePullSecrets ?? []).length > 0 || theirs.length === 0) return spec;
  return { ...spec, imagePullSecrets: theirs.map((reference) => ({ ...reference })) };
}
