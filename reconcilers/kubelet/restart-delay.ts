/**
 * How long the kubelet waits before it tries again: Kubernetes' container back-off, computed from what containers' records say.
 * Pure; used by the plan alone.
 */
const FIRST_MS = 10_000;
const MOST_MS = 5 * 60_000;

/** A container that ran so long has recovered: its next crash counts as the first. */
export const RECOVERED_AFTER_MS = 10 * 60_000;
/** The pause container does nothing that can fail later. */
export const SANDBOX_RECOVERED_AFTER_MS = 10_000;

/** Before the container that follows `crashes` crashes in a row: the first restart is immediate, then 10 s doubling to 5 min. */
export function restartDelayMs(crashes: number): number {
  return crashes <= 1 ? 0 : doubled(crashes - 2);
}

/** After `failures` failed pulls or creations in a row: 10 s doubling to 5 min. */
export function retryDelayMs(failures: number): number {
  return doubled(Math.max(0, failures - 1));
}

function doubled(times: number): number {
  return Math.min(MOST_MS, FIRST_MS * 2 ** Math.min(times, 10));
}

/** As Go prints a duration, to the millisecond: `85ms`, `1.5s`, `2m3.25s`. */
export function formatDuration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)}ms`;
  const seconds = Math.round(ms) / 1000;
  if (seconds < 60) return `${seconds}s`;
  return `${Math.floor(seconds / 60)}m${Math.round((seconds % 60) * 1000) / 1000}s`;
}

/** As Go prints a duration of whole seconds: `10s`, `1m20s`, `5m0s`. */
export function formatSeconds(ms: number): string {
  const seconds = Math.round(ms / 1000);
  return seconds < 60 ? `${seconds}s` : `${Math.floor(seconds / 60)}m${seconds % 60}s`;
}
