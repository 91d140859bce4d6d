/**
 * What a container asks of the kubelet while it runs: probes, and hooks at its start and its end. The rules are in
 * validation-probes.ts, what becomes of them in the kubelet's `probes/` and `hooks/`. Source: pkg/apis/core/v1/defaults.go
 */
import { setDefault } from './defaulting.ts';
import { equalJson, type JsonObject, objectAt } from './json.ts';

/** Exactly one of `exec`, `httpGet`, `tcpSocket` and `grpc` is set. */
export interface Probe {
  exec?: ExecAction;
  httpGet?: HttpGetAction;
  tcpSocket?: TcpSocketAction;
  grpc?: GrpcAction;
  initialDelaySeconds?: number;
  timeoutSeconds: number;
  periodSeconds: number;
  successThreshold: number;
  failureThreshold: number;
  /** Of the stop that a failed liveness or startup probe leads to. Absent: the pod's. */
  terminationGracePeriodSeconds?: number;
}

export interface ExecAction {
  command: string[];
}

export interface HttpGetAction {
  scheme: 'HTTP' | 'HTTPS';
  /** Absent: the pod's address. */
  host?: string;
  /** A number, or the name of one of the container's ports. */
  port: number | string;
  path: string;
  httpHeaders?: HttpHeader[];
}

export interface HttpHeader {
  name: string;
  value: string;
}

export interface TcpSocketAction {
  host?: string;
  port: number | string;
}

/** grpc.health.v1.Health/Check */
export interface GrpcAction {
  port: number;
  service: string;
}

export interface Lifecycle {
  postStart?: LifecycleHandler;
  preStop?: LifecycleHandler;
}

/** Exactly one member is set. */
export interface LifecycleHandler {
  exec?: ExecAction;
  httpGet?: HttpGetAction;
  sleep?: { seconds: number };
}

export const PROBE_FIELDS = ['startupProbe', 'livenessProbe', 'readinessProbe'] as const;
export const HOOK_FIELDS = ['postStart', 'preStop'] as const;

const PROBE_DEFAULTS = { timeoutSeconds: 1, periodSeconds: 10, successThreshold: 1, failureThreshold: 3 };
const HTTP_DEFAULTS = { path: '/', scheme: 'HTTP' };
const GRPC_DEFAULTS = { service: '' };

/** Kubernetes' defaulting of a container, in place. */
export function defaultProbes(container: JsonObject): void {
  for (const probe of probesOf(container)) {
    // 0 is Go's absence of a number.
    for (const [field, value] of Object.entries(PROBE_DEFAULTS)) if (!probe[field]) probe[field] = value;
    const grpc = objectAt(probe, 'grpc');
    if (grpc !== undefined) grpc.service ??= GRPC_DEFAULTS.service;
  }
  for (const http of httpActionsOf(container)) {
    for (const [field, value] of Object.entries(HTTP_DEFAULTS)) setDefault(http, field, value);
  }
}

/** Takes out of a container what {@link defaultProbes} would put back, and what says nothing, in place. */
export function reduceProbes(container: JsonObject): void {
  for (const probe of probesOf(container)) {
    dropValues(probe, { ...PROBE_DEFAULTS, initialDelaySeconds: 0 });
    dropValues(objectAt(probe, 'grpc'), GRPC_DEFAULTS);
    dropValues(objectAt(probe, 'tcpSocket'), { host: '' });
  }
  for (const http of httpActionsOf(container)) dropValues(http, { ...HTTP_DEFAULTS, host: '' });
}

function dropValues(object: JsonObject | undefined, values: JsonObject): void {
  if (object === undefined) return;
  for (const [field, value] of Object.entries(values)) if (equalJson(object[field], value)) delete object[field];
}

function probesOf(container: JsonObject): JsonObject[] {
  return PROBE_FIELDS.map((field) => objectAt(container, field)).filter(isPresent);
}

function httpActionsOf(container: JsonObject): JsonObject[] {
  const lifecycle = objectAt(container, 'lifecycle');
  const hooks = HOOK_FIELDS.map((field) => objectAt(lifecycle, field));
  return [...probesOf(container), ...hooks].map((action) => objectAt(action, 'httpGet')).filter(isPresent);
}

function isPresent(object: JsonObject | undefined): object is JsonObject {
  return object !== undefined;
}
