/** Kubernetes' Status object: how every refusal, and the answer to some writes, goes over the wire. Pure. */
import { CAUSE_REASONS, type FieldError } from '../../reconcilers/objects/field-error.ts';
import { messageOf, SampanError } from '../../reconcilers/ports/errors.ts';

export interface Status {
  readonly kind: 'Status';
  readonly apiVersion: 'v1';
  readonly metadata: Record<string, never>;
  readonly status: 'Success' | 'Failure';
  readonly message?: string;
  readonly reason?: string;
  readonly details?: Readonly<Record<string, unknown>>;
  readonly code: number;
}

/** Any error as the Status a client gets; what is not in the table of errors is an InternalError. */
export function statusOf(error: unknown): Status {
  const known = error instanceof SampanError ? error : undefined;
  const message = known ? known.message : `Internal error occurred: ${messageOf(error)}`;
  const problems = (known?.details.problems as readonly FieldError[] | undefined)?.map((problem) => ({
    reason: CAUSE_REASONS[problem.type],
    message: problem.message,
    field: problem.field,
  }));
  const causes = problems ?? known?.details.causes;
  const name = known?.details.name;
  const kind = known?.details.resource ?? known?.details.kind;
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message,
    reason: known?.reason ?? 'InternalError',
    details: {
      ...(name !== undefined && { name }),
      ...(kind !== undefined && { kind }),
      ...(causes !== undefined && { causes }),
    },
    code: known?.status ?? 500,
  };
}

export function pathNotFound(): Status {
  const message = 'the server could not find the requested resource';
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason: 'NotFound', code: 404 };
}
