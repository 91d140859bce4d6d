/** Time, as a port, so that scenarios run on a clock of their own. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Calls `callback` once after `ms` milliseconds unless cancelled. Does not keep the process alive. */
  setTimer(ms: number, callback: () => void): CancelTimer;
}

export type CancelTimer = () => void;

/** Resolves after `ms`, or rejects with the signal's AbortError. */
export function sleep(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(abortError(signal));
    const onAbort = () => {
      cancel();
      reject(abortError(signal as AbortSignal));
    };
    const cancel = clock.setTimer(ms, () => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    });
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

function abortError(signal: AbortSignal): Error {
  const { reason } = signal;
  return reason instanceof Error ? reason : new DOMException('This operation was aborted', 'AbortError');
}
