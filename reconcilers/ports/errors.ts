/**
 * The one table of errors: code, template, retry or not, HTTP status and Kubernetes reason. Adapters translate what the
 * outside world answers into these at the edge; loops and the API server throw nothing else. `docs/errors.md` lists every
 * code and a test holds the two together.
 */

interface ErrorEntry {
  /** `{field}` is filled from the details. */
  readonly message: string;
  /** Whether trying again, unchanged, can succeed. Otherwise the key waits for a new version of its object. */
  readonly retry: boolean;
  readonly status: number;
  /** The `reason` of a Kubernetes Status. */
  readonly reason: string;
}

export const ERRORS = {
  // The API's own answers (https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/status/).
  NotFound: { message: '{resource} "{name}" not found', retry: false, status: 404, reason: 'NotFound' },
  AlreadyExists: { message: '{resource} "{name}" already exists', retry: false, status: 409, reason: 'AlreadyExists' },
  Conflict: {
    message: 'Operation cannot be fulfilled on {resource} "{name}": {detail}',
    retry: true,
    status: 409,
    reason: 'Conflict',
  },
  Invalid: { message: '{kind} "{name}" is invalid: {detail}', retry: false, status: 422, reason: 'Invalid' },
  Forbidden: { message: '{resource} "{name}" is forbidden: {detail}', retry: false, status: 403, reason: 'Forbidden' },
  NamespaceLimit: {
    message: '{resource} "{name}" is forbidden: {detail}',
    retry: true,
    status: 403,
    reason: 'Forbidden',
  },
  Unauthorized: { message: 'Unauthorized', retry: false, status: 401, reason: 'Unauthorized' },
  AccessDenied: { message: '{detail}', retry: false, status: 403, reason: 'Forbidden' },
  TooManyRequests: {
    message: 'Too many requests, please try again later.',
    retry: true,
    status: 429,
    reason: 'TooManyRequests',
  },
  EvictionRefused: {
    message: "Cannot evict pod as it would violate the pod's disruption budget.",
    retry: true,
    status: 429,
    reason: 'TooManyRequests',
  },
  SeveralBudgets: {
    message: 'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.',
    retry: false,
    status: 500,
    reason: 'InternalError',
  },
  RequestTimeout: {
    message: 'request did not complete within the allotted timeout of {seconds} s',
    retry: true,
    status: 504,
    reason: 'Timeout',
  },
  PathNotFound: {
    message: 'the server could not find the requested resource',
    retry: false,
    status: 404,
    reason: 'NotFound',
  },
  BadRequest: { message: '{detail}', retry: false, status: 400, reason: 'BadRequest' },
  MethodNotAllowed: {
    message: 'the server does not allow this method on the requested resource',
    retry: false,
    status: 405,
    reason: 'MethodNotAllowed',
  },
  ServiceUnavailable: { message: '{detail}', retry: true, status: 503, reason: 'ServiceUnavailable' },
  NotAcceptable: {
    message: 'only the following media types are accepted: {accepted}',
    retry: false,
    status: 406,
    reason: 'NotAcceptable',
  },

  ListExpired: {
    message:
      'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.',
    retry: true,
    status: 410,
    reason: 'Expired',
  },
  VersionTooLarge: {
    message: 'Too large resource version: {asked}, current: {current}',
    retry: true,
    status: 504,
    reason: 'Timeout',
  },
  UnsupportedMediaType: {
    message: 'the body of the request was in an unknown format - accepted media types include: {supported}',
    retry: false,
    status: 415,
    reason: 'UnsupportedMediaType',
  },
  RequestEntityTooLarge: {
    message: 'Request entity too large: {detail}',
    retry: false,
    status: 413,
    reason: 'RequestEntityTooLarge',
  },
  PatchRejected: {
    message: 'the server rejected our request due to an error in our request: {detail}',
    retry: false,
    status: 422,
    reason: 'Invalid',
  },
  ApplyConflict: { message: '{detail}', retry: false, status: 409, reason: 'Conflict' },

  // The store.
  StoreUnavailable: {
    message: 'the store at {endpoint} does not answer: {detail}; what runs goes on, writes wait until it is back',
    retry: true,
    status: 503,
    reason: 'ServiceUnavailable',
  },
  StoreFull: {
    message: 'the store at {endpoint} refuses writes: {detail}; free space and it goes on by itself',
    retry: true,
    status: 507,
    reason: 'InsufficientStorage',
  },
  StoreCompacted: {
    message: 'too old resource version: {revision} ({oldest}); list again',
    retry: true,
    status: 410,
    reason: 'Expired',
  },
  StoreLocked: {
    message: 'the store at {endpoint} is in use by another process (`fuser {path}` names it); stop that one first',
    retry: false,
    status: 503,
    reason: 'ServiceUnavailable',
  },
  StoreCorrupt: {
    message:
      'the store at {endpoint} cannot be read: {detail}; restore it, or move it away to start afresh from the sources',
    retry: false,
    status: 500,
    reason: 'InternalError',
  },
  CacheBehind: {
    message: 'the cache did not see revision {revision} within {seconds} s (it is at {at}); trying again',
    retry: true,
    status: 504,
    reason: 'Timeout',
  },
  ServerUnavailable: {
    message: 'no API server answers ({servers}): {detail}; what runs goes on, writes wait until one is back',
    retry: true,
    status: 503,
    reason: 'ServiceUnavailable',
  },
  LeadershipLost: {
    message: 'another master may lead by now; nothing was written, and this one stands for election again',
    retry: true,
    status: 503,
    reason: 'ServiceUnavailable',
  },
  AddressesExhausted: {
    message: 'no free {what} is left in {range}; delete a Service or widen the range',
    retry: true,
    status: 500,
    reason: 'InternalError',
  },

  // The container runtime.
  RuntimeUnavailable: {
    message: 'Docker at {endpoint} does not answer: {detail}; trying again',
    retry: true,
    status: 503,
    reason: 'ServiceUnavailable',
  },
  ContainerMissing: { message: 'container {id} does not exist', retry: true, status: 404, reason: 'NotFound' },
  ContainerNameTaken: {
    message: 'container name {name} is taken by container {holder}',
    retry: true,
    status: 409,
    reason: 'Conflict',
  },
  ContainerStartFailed: {
    message: 'container {name} cannot start: {detail}',
    retry: true,
    status: 500,
    reason: 'InternalError',
  },
  ContainerRefused: {
    message: 'Docker refuses container {name}: {detail}',
    retry: true,
    status: 400,
    reason: 'BadRequest',
  },
  ImageMissing: { message: 'image {image} is not on this node', retry: true, status: 404, reason: 'NotFound' },
  ImageInUse: {
    message: 'image {image} is in use and stays: {detail}',
    retry: true,
    status: 409,
    reason: 'Conflict',
  },
  ImagePullFailed: { message: 'cannot pull {image}: {detail}', retry: true, status: 502, reason: 'InternalError' },
  VolumeUnwritable: {
    message: 'volume {volume} of pod {pod} cannot be written: {detail}; trying again',
    retry: true,
    status: 500,
    reason: 'InternalError',
  },
  ClaimFolderFailed: {
    message: 'folder of volume {volume}: {detail}; trying again',
    retry: true,
    status: 500,
    reason: 'InternalError',
  },
  SubPathRefused: {
    message: 'path {subPath} of a volume cannot be mounted: {detail}',
    retry: true,
    status: 500,
    reason: 'InternalError',
  },
  NetworkConflict: {
    message: 'pod network {network}: {detail}',
    retry: true,
    status: 409,
    reason: 'Conflict',
  },
  PortUnreachable: {
    message: 'nothing answers at port {port} of container {name}: {detail}',
    retry: true,
    status: 503,
    reason: 'ServiceUnavailable',
  },
  ExecLeftBehind: {
    message: 'the command in container {id} goes on without its client (process {pid}): {detail}; stop it by hand',
    retry: false,
    status: 500,
    reason: 'InternalError',
  },

  // Controllers.
  PodsForbidden: {
    message: 'pods of {controller} cannot be made: {detail}; trying again',
    retry: true,
    status: 403,
    reason: 'Forbidden',
  },

  // The packet filter.
  PodRoutesFailed: {
    message: 'the way to the pods of other nodes cannot be made: {detail}; what is there stays, trying again',
    retry: true,
    status: 500,
    reason: 'InternalError',
  },
  PacketFilterFailed: {
    message: 'service routes cannot be installed: {detail}; those in force stay, trying again',
    retry: true,
    status: 500,
    reason: 'InternalError',
  },

  // Manifest sources.
  SourceUnreachable: {
    message: 'source {source} cannot be read: {detail}; what it declared last stays and is kept as it is',
    retry: true,
    status: 503,
    reason: 'ServiceUnavailable',
  },
  SourceInvalid: {
    message: 'source {source} at {revision}: {count} problem(s), first: {detail}; keeping {kept} until it is fixed',
    retry: false,
    status: 422,
    reason: 'Invalid',
  },

  // What the daemon keeps for its own identity.
  CertificateUnusable: {
    message: '{path} cannot be used: {detail}; put a copy back, or move it away and one is made anew at the next start',
    retry: false,
    status: 500,
    reason: 'InternalError',
  },

  // A machine on its way to become a node.
  JoinRefused: {
    message: '{server} does not let this machine be node "{node}": {detail}',
    retry: false,
    status: 403,
    reason: 'Forbidden',
  },
  ServerUntrusted: {
    message: '{server} is not trusted: {detail}; nothing was sent to it',
    retry: true,
    status: 502,
    reason: 'InternalError',
  },

  // The loops themselves.
  NoProgress: {
    message: 'loop {loop}, {key}: planned the same {count} action(s) twice with nothing changed in between ({because})',
    retry: true,
    status: 500,
    reason: 'InternalError',
  },
  Usage: { message: '{detail}', retry: false, status: 400, reason: 'BadRequest' },
  Internal: { message: '{detail}', retry: true, status: 500, reason: 'InternalError' },
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof ERRORS;

export class SampanError extends Error {
  readonly code: ErrorCode;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, details: Readonly<Record<string, unknown>> = {}, cause?: unknown) {
    super(fill(ERRORS[code].message, details), cause === undefined ? undefined : { cause });
    this.name = 'SampanError';
    this.code = code;
    this.details = details;
  }

  get retry(): boolean {
    return ERRORS[this.code].retry;
  }

  get status(): number {
    return ERRORS[this.code].status;
  }

  get reason(): string {
    return ERRORS[this.code].reason;
  }
}

/** Whether `error` is a {@link SampanError} of one of `codes`. */
export function isSampanError(error: unknown, ...codes: ErrorCode[]): error is SampanError {
  return error instanceof SampanError && (codes.length === 0 || codes.includes(error.code));
}

/** What `error` says, with its causes, on one line. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const own = error.message === '' ? error.name : error.message;
  return error.cause === undefined || own.includes(messageOf(error.cause)) ? own : `${own}: ${messageOf(error.cause)}`;
}

/** Whether `error` only says that the work was called off through an AbortSignal. */
export function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}

function fill(template: string, details: Readonly<Record<string, unknown>>): string {
  return template.replace(/\{(\w+)\}/g, (_, field: string) => String(details[field] ?? `<${field}>`));
}
