/**
 * May this user do this? One interface, so that the pipeline, impersonation and the review resources ask the same authority; and the
 * words of a refusal, which are Kubernetes' own.
 */
import { SampanError } from '../../../reconcilers/ports/errors.ts';
import type { NonResourceAttributes, ResourceAttributes } from './request-attributes.ts';
import type { UserInfo } from './user.ts';

/** What is asked about: a request without its path, which may be one that nobody sent. */
export type Action = Omit<ResourceAttributes, 'path' | 'version' | 'behind' | 'query'> | NonResourceAttributes;

export interface Decision {
  readonly allowed: boolean;
  /** For people; '' where there is nothing to say. */
  readonly reason: string;
}

/** As SelfSubjectRulesReview lists them; a rule without `resourceNames` holds for all. */
export interface ResourceRule {
  readonly verbs: readonly string[];
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
}

export interface NonResourceRule {
  readonly verbs: readonly string[];
  readonly nonResourceURLs: readonly string[];
}

export interface UserRules {
  readonly resourceRules: readonly ResourceRule[];
  readonly nonResourceRules: readonly NonResourceRule[];
  /** There is more that rules cannot say. */
  readonly incomplete: boolean;
}

export interface Authorizer {
  authorize(user: UserInfo, action: Action): Promise<Decision>;
  /** All that `user` may do in `namespace`. */
  rules(user: UserInfo, namespace: string): Promise<UserRules>;
}

/** Throws AccessDenied where `authorizer` does not allow it. */
export async function demand(authorizer: Authorizer, user: UserInfo, action: Action): Promise<void> {
  const { allowed, reason } = await authorizer.authorize(user, action);
  if (!allowed) throw accessDenied(user, action, reason);
}

/** `pods "x" is forbidden: User "y" cannot delete resource "pods" in API group "" in the namespace "z"`. */
export function accessDenied(user: UserInfo, action: Action, reason: string): SampanError {
  const why = reason === '' ? '' : `: ${reason}`;
  const cannot = `User ${quote(user.name)} cannot ${action.verb}`;
  if (action.type === 'path') {
    return new SampanError('AccessDenied', { detail: `forbidden: ${cannot} path ${quote(action.path)}${why}` });
  }
  const { group, resource, subresource, namespace, name } = action;
  const what = subresource === '' ? resource : `${resource}/${subresource}`;
  const where = namespace === '' ? 'at the cluster scope' : `in the namespace ${quote(namespace)}`;
  const subject = `${group === '' ? resource : `${resource}.${group}`}${name === '' ? '' : ` ${quote(name)}`}`;
  return new SampanError('AccessDenied', {
    detail: `${subject} is forbidden: ${cannot} resource ${quote(what)} in API group ${quote(group)} ${where}${why}`,
    resource,
    ...(group !== '' && { group }),
    ...(name !== '' && { name }),
  });
}

function quote(text: string): string {
  return JSON.stringify(text);
}
