/**
 * Who changed what, from where, with what outcome: one audit.k8s.io/v1 Event per write, at the level Metadata. Bodies and queries are
 * never in it, so no secret can be. Pure; the pipeline tells, an adapter writes.
 * https://kubernetes.io/docs/tasks/debug/debug-cluster/audit/
 */
import type { RequestAttributes } from './request-attributes.ts';
import type { UserInfo } from './user.ts';

export interface AuditEvent {
  readonly kind: 'Event';
  readonly apiVersion: 'audit.k8s.io/v1';
  readonly level: 'Metadata';
  readonly auditID: string;
  readonly stage: 'ResponseComplete';
  /** The path alone: an exec's command is in the query. */
  readonly requestURI: string;
  readonly verb: string;
  readonly user: AuditedUser;
  readonly impersonatedUser?: AuditedUser;
  readonly sourceIPs: readonly string[];
  readonly userAgent?: string;
  readonly objectRef?: Readonly<Record<string, string>>;
  readonly responseStatus: { readonly code: number };
  readonly requestReceivedTimestamp: string;
  readonly stageTimestamp: string;
}

interface AuditedUser {
  readonly username: string;
  readonly uid?: string;
  readonly groups: readonly string[];
}

/** What takes the events. */
export type AuditSink = (event: AuditEvent) => void;

export interface AuditedRequest {
  readonly id: string;
  readonly attributes: RequestAttributes;
  readonly user: UserInfo;
  readonly impersonated?: UserInfo;
  /** '' on the unix socket. */
  readonly sourceIp: string;
  readonly userAgent?: string;
  readonly code: number;
  /** Milliseconds since the epoch. */
  readonly received: number;
  readonly completed: number;
}

const WRITES = ['create', 'update', 'patch', 'delete', 'deletecollection', 'post', 'put'];
/** Whatever the method, they act in a container. */
const ACTING = ['exec', 'attach', 'portforward', 'proxy'];
/** Their reviews are questions asked with POST. */
const ASKING_GROUPS = ['authentication.k8s.io', 'authorization.k8s.io'];

export function isAudited(attributes: RequestAttributes): boolean {
  if (attributes.type === 'path') return WRITES.includes(attributes.verb);
  if (ACTING.includes(attributes.subresource)) return true;
  return WRITES.includes(attributes.verb) && !ASKING_GROUPS.includes(attributes.group);
}

export function auditEvent(request: AuditedRequest): AuditEvent {
  const { attributes, user, impersonated, sourceIp, userAgent } = request;
  return {
    kind: 'Event',
    apiVersion: 'audit.k8s.io/v1',
    level: 'Metadata',
    auditID: request.id,
    stage: 'ResponseComplete',
    requestURI: attributes.path,
    verb: attributes.verb,
    user: audited(user),
    ...(impersonated && { impersonatedUser: audited(impersonated) }),
    sourceIPs: sourceIp === '' ? [] : [sourceIp],
    ...(userAgent !== undefined && { userAgent }),
    ...(attributes.type === 'resource' && { objectRef: objectRef(attributes) }),
    responseStatus: { code: request.code },
    requestReceivedTimestamp: microTime(request.received),
    stageTimestamp: microTime(request.completed),
  };
}

function audited({ name, uid, groups }: UserInfo): AuditedUser {
  return { username: name, ...(uid !== undefined && { uid }), groups };
}

function objectRef(attributes: RequestAttributes & { type: 'resource' }): Record<string, string> {
  const { resource, namespace, name, group, version, subresource } = attributes;
  const all = { resource, namespace, name, apiGroup: group, apiVersion: version, subresource };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== ''));
}

/** Kubernetes' MicroTime: six digits. */
function microTime(ms: number): string {
  return new Date(ms).toISOString().replace('Z', '000Z');
}
