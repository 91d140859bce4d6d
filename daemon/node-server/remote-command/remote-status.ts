/** How an exec ended, as Kubernetes tells it on the error stream. Pure. */
import { statusOf } from '../../serving/status.ts';
import type { StatusForm } from './client.ts';

export interface RemoteStatus {
  readonly metadata: Record<string, never>;
  readonly status: 'Success' | 'Failure';
  readonly message?: string;
  readonly reason?: string;
  readonly details?: Readonly<Record<string, unknown>>;
  readonly code?: number;
}

export const SUCCESS: RemoteStatus = { metadata: {}, status: 'Success' };

/** Clients exit with the number in the cause. */
export function exitStatus(exitCode: number): RemoteStatus {
  if (exitCode === 0) return SUCCESS;
  return {
    metadata: {},
    status: 'Failure',
    message: `command terminated with non-zero exit code: exit status ${exitCode}`,
    reason: 'NonZeroExitCode',
    details: { causes: [{ reason: 'ExitCode', message: String(exitCode) }] },
  };
}

export function failureStatus(error: unknown): RemoteStatus {
  const { message, reason, details, code } = statusOf(error);
  return { metadata: {}, status: 'Failure', message, reason, details, code } as RemoteStatus;
}

/** The bytes for the error stream. */
export function encodeStatus(status: RemoteStatus, form: StatusForm): Buffer {
  if (form === 'json') return Buffer.from(JSON.stringify(status));
  return Buffer.from(status.status === 'Success' ? '' : (status.message ?? ''));
}
