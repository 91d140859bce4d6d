/**
 * The clock of one process, set off: no privilege shifts it in the kernel (a time namespace has the clocks of uptime only), so libfaketime
 * answers when the process asks for the time of day. Tests and benchmarks give the variables to a daemon; what measures durations stays right.
 */
import { globSync } from 'node:fs';

/** For the environment of a daemon. Undefined where libfaketime (Debian: faketime) is not installed. */
export function clockSetOff(seconds: number): NodeJS.ProcessEnv | undefined {
  const [library] = globSync('/usr/lib/*/faketime/libfaketime.so.1');
  if (library === undefined) return undefined;
  const by = `${seconds < 0 ? '' : '+'}${seconds}`;
  return { LD_PRELOAD: library, FAKETIME: by, FAKETIME_DONT_FAKE_MONOTONIC: '1', FAKETIME_NO_CACHE: '1' };
}
