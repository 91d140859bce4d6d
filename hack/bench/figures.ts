/**
 * The figures a benchmark gives, and how they are shown: each with its limit, and where the limit is a share of the floor, with the
 * floor of the same run. Every measure makes them, run.ts prints them; nothing is measured here.
 */
import { median } from './floor.ts';

export interface Figure {
  readonly what: string;
  readonly value: string;
  /** What nobody can be faster than, in the same run: the Docker API's own time, or a server that only sends the bytes. */
  readonly floor: string;
  readonly ratio: string;
  readonly limit: string;
  readonly met: boolean;
}

export interface TimedAgainstFloor {
  readonly what: string;
  /** One of each round, in ms. */
  readonly times: readonly number[];
  readonly floors: readonly number[];
  /** What may be added to the floor (ms), and by how much it may be multiplied; 1 and 0 without them. */
  readonly factor?: number;
  readonly plusMs?: number;
}

/** The medians of the rounds, against the limit that follows from the floor. */
export function timedAgainstFloor({ what, times, floors, factor = 1, plusMs = 0 }: TimedAgainstFloor): Figure {
  const [time, floor] = [median(times), median(floors)];
  const limit = factor * floor + plusMs;
  return {
    what,
    value: seconds(time),
    floor: seconds(floor),
    ratio: (time / floor).toFixed(2),
    limit: seconds(limit),
    met: time <= limit,
  };
}

/** A time with a limit of its own. */
export function timed(what: string, times: readonly number[], limitMs: number): Figure {
  const time = median(times);
  return { ...plain(what, seconds(time)), limit: seconds(limitMs), met: time <= limitMs };
}

/** A number with a limit of its own: failed requests, megabytes. */
export function counted(what: string, value: number, most: number, unit = ''): Figure {
  const shown = (n: number) => `${Number.isInteger(n) ? n : n.toFixed(2)}${unit}`;
  return { ...plain(what, shown(value)), limit: shown(most), met: value <= most };
}

/** A ratio that must not be smaller than `least`. */
export function rated(what: string, ratio: number, least: number): Figure {
  return { ...plain(what, ''), ratio: ratio.toFixed(3), limit: `≥ ${least}`, met: ratio >= least };
}

/** A number that must not be smaller than `least`: requests per second. */
export function atLeast(what: string, value: number, least: number, unit: string): Figure {
  return { ...plain(what, `${Math.round(value)}${unit}`), limit: `≥ ${least}${unit}`, met: value >= least };
}

/** Requests per second, of the server and of the floor; `least`: a limit of its own. */
export function ratedAgainstFloor(what: string, rate: number, floor: number, least?: number): Figure {
  const against = { floor: `${Math.round(floor)}/s`, ratio: (rate / floor).toFixed(2) };
  const own = least === undefined ? plain(what, `${Math.round(rate)}/s`) : atLeast(what, rate, least, '/s');
  return { ...own, ...against };
}

/** Milliseconds, of the server and of the floor; `most`: a limit of its own. */
export function besideFloor(what: string, ms: number, floorMs: number, most?: number): Figure {
  const shown = `${ms.toFixed(1)} ms`;
  const own = most === undefined ? plain(what, shown) : { ...counted(what, ms, most, ' ms'), value: shown };
  return { ...own, floor: `${floorMs.toFixed(1)} ms`, ratio: (ms / floorMs).toFixed(2) };
}

/** What has no limit: said for comparison. */
export function plain(what: string, value: string): Figure {
  return { what, value, floor: '', ratio: '', limit: '', met: true };
}

export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(ms < 10_000 ? 3 : 2)} s`;
}

const HEADS = ['measure', 'result', 'floor', 'ratio', 'limit', ''] as const;

/** A Markdown table, aligned so that it reads as well on a terminal. */
export function table(figures: readonly Figure[]): string {
  const rows = figures.map(({ what, value, floor, ratio, limit, met }) => [
    what,
    value,
    floor,
    ratio,
    limit,
    limit === '' ? '' : met ? 'met' : 'MISSED',
  ]);
  const widths = HEADS.map((head, column) => Math.max(3, head.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  return [line(HEADS), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}
