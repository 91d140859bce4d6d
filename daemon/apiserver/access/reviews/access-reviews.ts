/**
 * authorization.k8s.io: may I, may somebody, what may I. The same authority answers as decides on requests, so what `kubectl auth
 * can-i` prints is what would happen. https://kubernetes.io/docs/reference/access-authn-authz/authorization/#checking-api-access
 */
import { type FieldError, forbidden, invalid, required } from '../../../../reconcilers/objects/field-error.ts';
import { type JsonObject, objectsAt } from '../../../../reconcilers/objects/json.ts';
import { SampanError } from '../../../../reconcilers/ports/errors.ts';
import type { Action, Authorizer } from '../authorizer.ts';
import type { UserInfo } from '../user.ts';
import { mappingAt, type Review, textAt, textsAt } from './review.ts';

const ONE_OF = 'exactly one of nonResourceAttributes or resourceAttributes must be specified';

export function selfSubjectAccessReview(authorizer: Authorizer): Review {
  return async ({ spec, user }) => ({
    status: await decide(authorizer, user, actionOf('SelfSubjectAccessReview', spec)),
  });
}

export function subjectAccessReview(authorizer: Authorizer): Review {
  return async ({ spec }) => {
    const kind = 'SubjectAccessReview';
    return { status: await decide(authorizer, subjectOf(kind, spec), actionOf(kind, spec)) };
  };
}

export function localSubjectAccessReview(authorizer: Authorizer): Review {
  return async ({ spec, namespace }) => {
    const kind = 'LocalSubjectAccessReview';
    const action = actionOf(kind, spec);
    if (action.type === 'path') {
      throw refused(kind, forbidden('spec.nonResourceAttributes', 'disallowed on this kind of request'));
    }
    if (action.namespace !== namespace) {
      const detail = `must match metadata.namespace: ${namespace}`;
      throw refused(kind, invalid('spec.resourceAttributes.namespace', action.namespace, detail));
    }
    return { status: await decide(authorizer, subjectOf(kind, spec), action) };
  };
}

export function selfSubjectRulesReview(authorizer: Authorizer): Review {
  return async ({ spec, user }) => {
    const namespace = textAt(spec, 'namespace');
    if (namespace === '') throw new SampanError('BadRequest', { detail: 'no namespace on request' });
    return { status: await authorizer.rules(user, namespace) };
  };
}

async function decide(authorizer: Authorizer, user: UserInfo, action: Action): Promise<object> {
  const { allowed, reason } = await authorizer.authorize(user, action);
  return { allowed, ...(reason !== '' && { reason }) };
}

function actionOf(kind: string, spec: JsonObject): Action {
  const resource = mappingAt(spec, 'resourceAttributes');
  const path = mappingAt(spec, 'nonResourceAttributes');
  if (resource !== undefined && path !== undefined) {
    throw refused(
      kind,
      invalid('spec.nonResourceAttributes', path, `cannot be specified in combination with resourceAttributes`),
    );
  }
  if (resource !== undefined) {
    const fieldSelector = fieldSelectorOf(mappingAt(resource, 'fieldSelector') ?? {});
    return {
      type: 'resource',
      verb: textAt(resource, 'verb'),
      group: textAt(resource, 'group'),
      resource: textAt(resource, 'resource'),
      subresource: textAt(resource, 'subresource'),
      namespace: textAt(resource, 'namespace'),
      name: textAt(resource, 'name'),
      ...(fieldSelector !== '' && { fieldSelector }),
    };
  }
  if (path === undefined) throw refused(kind, invalid('spec.resourceAttributes', null, ONE_OF));
  return { type: 'path', verb: textAt(path, 'verb'), path: textAt(path, 'path') };
}

/** A selector in words, or as a list of requirements; those that are no equality grant nothing. */
function fieldSelectorOf(selector: JsonObject): string {
  const terms = objectsAt(selector, 'requirements')
    .filter((requirement) => textAt(requirement, 'operator') === 'In' && textsAt(requirement, 'values').length === 1)
    .map((requirement) => `${textAt(requirement, 'key')}=${textsAt(requirement, 'values')[0]}`);
  return [textAt(selector, 'rawSelector'), ...terms].filter((term) => term !== '').join(',');
}

function subjectOf(kind: string, spec: JsonObject): UserInfo {
  const name = textAt(spec, 'user');
  const groups = textsAt(spec, 'groups');
  if (name === '' && groups.length === 0) {
    throw refused(kind, required('spec.user', 'at least one of user or group must be specified'));
  }
  const uid = textAt(spec, 'uid');
  return { name, groups, ...(uid !== '' && { uid }) };
}

function refused(kind: string, problem: FieldError): SampanError {
  const problems = [problem];
  return new SampanError('Invalid', {
    kind: `${kind}.authorization.k8s.io`,
    name: '',
    detail: String(problem),
    problems,
  });
}
