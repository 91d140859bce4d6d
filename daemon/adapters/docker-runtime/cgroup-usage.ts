/**
 * What a container has used, read from its cgroup's files (v1 and v2): microseconds, where Docker's stats make every asker wait for
 * the next second (up to Docker 27). Only where the engine is on this machine; the adapter asks Docker where this finds nothing.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ResourceUsage } from '../../../reconcilers/ports/container-runtime.ts';

/**
 * Undefined where process `pid` is not this container's here: the engine is elsewhere, its processes are not to be seen, or the
 * container has ended. `root`: where /proc and /sys are.
 */
export async function readCgroupUsage(id: string, pid: number, root = '/'): Promise<ResourceUsage | undefined> {
  const read = (path: string) => readFile(join(root, path), 'utf8');
  try {
    const groups = parseCgroups(await read(`/proc/${pid}/cgroup`));
    const memory = groups.get('memory');
    const cpu = groups.get('cpuacct');
    if (memory?.includes(id) && cpu?.includes(id)) return await readVersion1(memory, cpu, read);
    const unified = groups.get('');
    return unified?.includes(id) ? await readVersion2(unified, read) : undefined;
  } catch (error) {
    if (['ENOENT', 'ENODEV', 'ESRCH', 'EACCES'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}

type Read = (path: string) => Promise<string>;

async function readVersion1(memoryGroup: string, cpuGroup: string, read: Read): Promise<ResourceUsage> {
  const [cpu, usage, stat] = await Promise.all([
    read(`/sys/fs/cgroup/cpuacct${cpuGroup}/cpuacct.usage`),
    read(`/sys/fs/cgroup/memory${memoryGroup}/memory.usage_in_bytes`),
    read(`/sys/fs/cgroup/memory${memoryGroup}/memory.stat`),
  ]);
  return toUsage(Number(cpu), Number(usage), parseStat(stat).get('total_inactive_file'));
}

async function readVersion2(group: string, read: Read): Promise<ResourceUsage> {
  const folder = `/sys/fs/cgroup${group}`;
  const files = ['cpu.stat', 'memory.current', 'memory.stat'].map((name) => read(`${folder}/${name}`));
  const [cpu = '', usage, stat = ''] = await Promise.all(files);
  return toUsage((parseStat(cpu).get('usage_usec') ?? 0) * 1000, Number(usage), parseStat(stat).get('inactive_file'));
}

/** The working set is what is used but for files that were read once and may be dropped. */
function toUsage(cpuNanos: number, memory: number, inactiveFile = 0): ResourceUsage {
  return { at: Date.now(), cpuNanos, memoryBytes: Math.max(0, memory - inactiveFile) };
}

/** The group by controller, of `/proc/PID/cgroup`; '' is cgroup v2's. */
function parseCgroups(text: string): ReadonlyMap<string, string> {
  const groups = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [, controllers, group] = /^\d+:([^:]*):(.+)$/.exec(line) ?? [];
    for (const controller of controllers?.split(',') ?? []) groups.set(controller, group ?? '');
  }
  return groups;
}

/** `name value` lines. */
function parseStat(text: string): ReadonlyMap<string, number> {
  const pairs = text.split('\n').map((line) => line.split(' '));
  return new Map(pairs.map(([name = '', value]) => [name, Number(value)]));
}
