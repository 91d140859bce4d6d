/**
 * Which files some process still has open for writing, from Linux' /proc: how the folder source tells a half-written file from a
 * finished one. Knows nothing where /proc is absent, or of processes that it may not look into.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';

/** O_ACCMODE of open(2): 0 is reading only. */
const ACCESS_MODE = 0o3;

/** Those of `identities` (`dev:ino`) that a process has open for writing. Synchronous: it is thousands of tiny calls. */
export function openForWriting(identities: ReadonlySet<string>): Set<string> {
  const found = new Set<string>();
  if (identities.size === 0) return found;
  for (const pid of list('/proc')) {
    if (!/^\d+$/.test(pid)) continue;
    for (const fd of list(`/proc/${pid}/fd`)) {
      try {
        const { dev, ino } = statSync(`/proc/${pid}/fd/${fd}`);
        const identity = `${dev}:${ino}`;
        if (identities.has(identity) && isWriting(pid, fd)) found.add(identity);
      } catch {
        // closed meanwhile
      }
    }
  }
  return found;
}

function isWriting(pid: string, fd: string): boolean {
  const flags = /^flags:\s*(\d+)$/m.exec(readFileSync(`/proc/${pid}/fdinfo/${fd}`, 'utf8'))?.[1];
  return flags !== undefined && (Number.parseInt(flags, 8) & ACCESS_MODE) !== 0;
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
