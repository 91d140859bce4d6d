/**
 * Validation of containers' probes and hooks. Called by validation-pod.ts for each container that may have them. Source:
 * pkg/apis/core/validation/validation.go (validateProbe, validateLivenessProbe, validateReadinessProbe, validateHandler).
 */
import { type FieldError, forbidden, invalid, required } from './field-error.ts';
import { child, element } from './field-path.ts';
import { type Json, type JsonObject, objectAt, objectsAt } from './json.ts';
import { httpHeaderName, portName, qualifiedName } from './name-formats.ts';
import { HOOK_FIELDS, PROBE_FIELDS } from './probe.ts';
import { matchesFormat, notNegative, oneOf, validPort } from './validation-pod.ts';

const COUNTS = [
  'initialDelaySeconds',
  'timeoutSeconds',
  'periodSeconds',
  'successThreshold',
  'failureThreshold',
] as const;
const SCHEMES = ['HTTP', 'HTTPS'] as const;
const NO_TCP_HOOK =
  'a hook that opens a TCP connection is deprecated, and Kubernetes fails it whenever it runs; use exec, httpGet or sleep';

/** Of a defaulted container at `path`, in a pod with this terminationGracePeriodSeconds. */
export function validateProbes(container: JsonObject, gracePeriod: Json | undefined, path: string): FieldError[] {
  const lifecycle = objectAt(container, 'lifecycle');
  return [
    ...HOOK_FIELDS.flatMap((hook) => {
      const handler = objectAt(lifecycle, hook);
      return handler === undefined ? [] : validateHook(handler, gracePeriod, child(child(path, 'lifecycle'), hook));
    }),
    ...PROBE_FIELDS.flatMap((field) => {
      const probe = objectAt(container, field);
      return probe === undefined ? [] : validateProbe(probe, field, child(path, field));
    }),
  ];
}

export function validateReadinessGates(spec: JsonObject, path: string): FieldError[] {
  return objectsAt(spec, 'readinessGates').flatMap(({ conditionType = '' }, i) => {
    const at = child(element(path, i), 'conditionType');
    return qualifiedName(String(conditionType)).map((text) => invalid(at, conditionType, text));
  });
}

function validateProbe(probe: JsonObject, field: (typeof PROBE_FIELDS)[number], path: string): FieldError[] {
  const at = (name: string) => child(path, name);
  const { terminationGracePeriodSeconds: grace, successThreshold } = probe;
  const errors = [
    ...validateHandler(probe, path, ['exec', 'httpGet', 'tcpSocket', 'grpc']),
    ...COUNTS.flatMap((count) => notNegative(probe[count], at(count))),
  ];
  if (typeof grace === 'number' && grace <= 0) {
    errors.push(invalid(at('terminationGracePeriodSeconds'), grace, 'must be greater than 0'));
  }
  if (field === 'readinessProbe') {
    if (grace !== undefined)
      errors.push(invalid(at('terminationGracePeriodSeconds'), grace, 'must not be set for readinessProbes'));
  } else if (successThreshold !== 1) {
    errors.push(invalid(at('successThreshold'), successThreshold, 'must be 1'));
  }
  return errors;
}

function validateHook(handler: JsonObject, gracePeriod: Json | undefined, path: string): FieldError[] {
  if (handler.tcpSocket !== undefined) return [forbidden(child(path, 'tcpSocket'), NO_TCP_HOOK)];
  const errors = validateHandler(handler, path, ['exec', 'httpGet', 'sleep']);
  const seconds = objectAt(handler, 'sleep')?.seconds ?? 0;
  if (handler.sleep === undefined || typeof gracePeriod !== 'number' || typeof seconds !== 'number') return errors;
  if (seconds <= 0 || seconds > gracePeriod) {
    const detail = `must be greater than 0 and less than terminationGracePeriodSeconds (${gracePeriod})`;
    errors.push(invalid(child(path, 'sleep'), seconds, detail));
  }
  return errors;
}

type Action = 'exec' | 'httpGet' | 'tcpSocket' | 'grpc' | 'sleep';

const ACTION_RULES: { readonly [A in Action]: (action: JsonObject, path: string) => FieldError[] } = {
  exec: ({ command }, path) => (Array.isArray(command) && command.length > 0 ? [] : [required(child(path, 'command'))]),
  httpGet: validateHttpGet,
  tcpSocket: ({ port }, path) => portNumberOrName(port, child(path, 'port')),
  grpc: ({ port }, path) => validPort(port ?? 0, child(path, 'port')),
  sleep: () => [],
};

/** One of `actions` is to be set, and no more. */
function validateHandler(handler: JsonObject, path: string, actions: readonly Action[]): FieldError[] {
  const [first, ...others] = actions.filter((action) => objectAt(handler, action) !== undefined);
  if (first === undefined) return [required(path, 'must specify a handler type')];
  return [
    ...ACTION_RULES[first](objectAt(handler, first) ?? {}, child(path, first)),
    ...others.map((other) => forbidden(child(path, other), 'may not specify more than 1 handler type')),
  ];
}

function validateHttpGet(action: JsonObject, path: string): FieldError[] {
  const at = (name: string) => child(path, name);
  return [
    ...((action.path ?? '') === '' ? [required(at('path'))] : []),
    ...portNumberOrName(action.port, at('port')),
    ...oneOf(action.scheme, SCHEMES, at('scheme')),
    ...objectsAt(action, 'httpHeaders').flatMap(({ name = '' }) =>
      httpHeaderName(String(name)).map((text) => invalid(at('httpHeaders'), name, text)),
    ),
  ];
}

/** Which of the container's ports a name means is looked up when it is needed, as in Kubernetes. */
function portNumberOrName(port: Json | undefined, path: string): FieldError[] {
  return typeof port === 'string' && port !== '' ? matchesFormat(port, portName, path) : validPort(port || 0, path);
}
