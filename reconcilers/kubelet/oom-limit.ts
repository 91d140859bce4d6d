/**
 * How low an OOM score this machine lets containers have. Inside a container or a user namespace nobody may lower it, and runc then
 * refuses to start what asks for less. Pure; the daemon's assembly reads the two files, once.
 */

/** capabilities(7): CAP_SYS_RESOURCE. */
const CAP_SYS_RESOURCE = 24n;

/** `status` and `oomScoreAdj`: the texts of /proc/self/status and /proc/self/oom_score_adj. */
export function leastOomScoreAdj(status: string, oomScoreAdj: string): number {
  const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0';
  const mayLower = ((BigInt(`0x${effective}`) >> CAP_SYS_RESOURCE) & 1n) === 1n;
  return mayLower ? -1000 : Number(oomScoreAdj.trim()) || 0;
}
