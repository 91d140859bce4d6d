/** Kubernetes' Status object: how every refusal, and the answer to some writes, goes over the wire. Pure. */
import { CAUSE_REASONS, type FieldError } from '../../reconcilers/objects/field-error.ts';
import { messageOf, SampanError } from '../../reconcilers/ports/errors.ts';

export interface Status {
  readonly kind: 'Status';
  readonly apiVersion: 'v1';
  /** `continue`: where the rest of an expired list can be had. */
  readonly metadata: { readonly continue?: string };
  readonly status: 'Success' | 'Failure';
  readonly message?: string;
  readonly reason?: string;
  readonly details?: Readonly<Record<string, unknown>>;
  readonly code: number;
}

export interface StatusCause {
  readonly reason: string;
  readonly message: string;
  readonly field?: string;
}

const RETRIED: readonly number[] = [429, 503, 504];
const RETRY_AFTER_SECONDS = 1;

/** Any error as the Status a client gets; what is not in the table of errors is an InternalError. */
export function statusOf(error: unknown): Status {
  const known = error instanceof SampanError ? error : undefined;
  const message = known ? known.message : `Internal error occurred: ${messageOf(error)}`;
  const causes = known && causesOf(known);
  const name = known?.details.name;
  // `leases.coordination.k8s.io` in a message is a kind and a group in the details.
  const [kind, ...groups] = textIn(known?.details.resource ?? known?.details.kind)?.split('.') ?? [];
  const group = textIn(known?.details.group) ?? (groups.length > 0 ? groups.join('.') : undefined);
  // Clients ask again by themselves only where they are told when.
  const retryAfterSeconds = known && retryAfter(known);
  const goesOnAt = known?.details.continue;
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: typeof goesOnAt === 'string' ? { continue: goesOnAt } : {},
    status: 'Failure',
    message,
    reason: known?.reason ?? 'InternalError',
    details: {
      ...(name !== undefined && { name }),
      ...(group !== undefined && { group }),
      ...(kind !== undefined && { kind }),
      ...(causes !== undefined && { causes }),
      ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
    },
    code: known?.status ?? 500,
  };
}

/** What the error itself says; 0 is as good as nothing. */
function retryAfter({ status, details }: SampanError): number | undefined {
  if (typeof details.retryAfterSeconds === 'number') return details.retryAfterSeconds || undefined;
  return RETRIED.includes(status) ? RETRY_AFTER_SECONDS : undefined;
}

function textIn(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** One per field that is wrong, or what the error itself names in Kubernetes' words. */
function causesOf({ code, message, details }: SampanError): readonly StatusCause[] | undefined {
  if (code === 'VersionTooLarge') return [{ reason: 'ResourceVersionTooLarge', message }];
  if (details.cause === 'NamespaceTerminating') {
    const ends = `namespace ${String(details.namespace)} is being terminated`;
    return [{ reason: details.cause, message: ends, field: 'metadata.namespace' }];
  }
  if (details.causes !== undefined) return details.causes as readonly StatusCause[];
  return (details.problems as readonly FieldError[] | undefined)?.map((problem) => ({
    reason: CAUSE_REASONS[problem.type],
    message: problem.message,
    field: problem.field,
  }));
}

/** What a write answers that has no object to show. */
export const SUCCESS = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success' } as const;
