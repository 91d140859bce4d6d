/**
 * Reads `--sync-interval`: an interval (`30s`, `5m`, `1h30m`) or a cron expression, the latter through node-cron, which is loaded only
 * then.
 */
import { SampanError } from '../../reconcilers/ports/errors.ts';
import type { SyncSchedule } from '../../reconcilers/ports/manifest-source.ts';

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };
const LEAST_MS = 100;

/** Usage where `text` is neither. */
export async function parseSyncSchedule(text: string): Promise<SyncSchedule> {
  return parseInterval(text) ?? (await parseCron(text.trim()));
}

/** Undefined where `text` is no interval; Usage where it is too short a one. */
export function parseInterval(text: string): SyncSchedule | undefined {
  const trimmed = text.trim();
  if (!/^(\d+(\.\d+)?(ms|s|m|h))+$/.test(trimmed)) return undefined;
  const parts = [...trimmed.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)];
  const ms = parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * (UNIT_MS[unit ?? ''] ?? 0), 0);
  if (ms < LEAST_MS) throw usage(trimmed, `must be at least ${LEAST_MS} ms`);
  return { text: trimmed, nextMs: () => ms };
}

async function parseCron(text: string): Promise<SyncSchedule> {
  const { createTask, validateDetailed } = await import('node-cron');
  const { valid, errors } = validateDetailed(text);
  if (!valid) {
    const why = /\s/.test(text) ? errors.map(({ message }) => message).join('; ') : 'is neither';
    throw usage(text, why);
  }
  // Never started: only asked for the time of its next run.
  const task = createTask(text, () => {});
  return { text, nextMs: () => Math.max(LEAST_MS, (task.getNextRuns(1)[0]?.getTime() ?? 0) - Date.now()) };
}

function usage(text: string, why: string): SampanError {
  const detail = `sync interval "${text}": expected an interval such as 30s or a cron expression such as "*/5 * * * *": ${why}`;
  return new SampanError('Usage', { detail });
}
