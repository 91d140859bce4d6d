/**
 * A scope owns what outlives a call: processes, mounts, control groups, network namespaces and files, all under one unique name,
 * by which they are found and taken away again, also by a later run when this one was killed. Every part of the harness
 * names its things through one; it never touches what does not carry such a name.
 */
import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { memoryRoots } from '../../../daemon/adapters/volume-files/memory-root.ts';
import { killAll, processesMentioning, startTime } from './process-table.ts';
import { attempt } from './run.ts';

/** Every scope's directory is in here. Short, because a unix socket's path may have 107 bytes only. hack/test has it in memory. */
const scopesDir = join(tmpdir(), 'sampan-e2e');
const prefix = 'sampan-e2e-';

export interface Scope {
  /** A new directory of the scope. */
  createDir(name: string): Promise<string>;
  /** A machine-wide unique name, for network namespaces and control groups. */
  nameFor(name: string): string;
  /** Kills, unmounts and deletes all that belongs to the scope. */
  remove(): Promise<void>;
}

let scopes = 0;

/** A new scope. It is named after this process (its start time too, as pids are used again), so that others see if it is alive. */
export function createScope(): Scope {
  scopes += 1;
  const id = `${process.pid}-${startTime(process.pid)}-${scopes}`;
  return {
    async createDir(name) {
      const path = join(scopesDir, id, name);
      await mkdir(path, { recursive: true });
      return path;
    },
    nameFor: (name) => `${prefix}${id}-${name}`,
    remove: () => removeScope(id),
  };
}

/** Removes the scopes of processes that no longer live. Several runs may do so at once. */
export async function removeLeftovers(): Promise<void> {
  const names = [...list(scopesDir), ...list('/run/netns').map((name) => name.replace(prefix, ''))];
  const ids = new Set(names.flatMap((name) => /^\d+-\d+-\d+/.exec(name)?.[0] ?? []));
  for (const id of ids) {
    const [pid, started] = id.split('-');
    if (startTime(Number(pid)) !== started) await removeScope(id);
  }
}

async function removeScope(id: string): Promise<void> {
  const dir = join(scopesDir, id);
  const namespaces = list('/run/netns').filter((name) => name.startsWith(`${prefix}${id}-`));
  await killAll(processesMentioning(`${dir}/`));
  for (const name of namespaces) await removeNetns(name);
  await unmountAll(dir);
  // What a daemon that was killed kept in memory for its pods.
  for (const file of globSync(join(dir, '*', 'data', 'instance'))) {
    for (const memory of memoryRoots(readFileSync(file, 'utf8').trim())) {
      await unmountAll(memory);
      await rm(memory, { recursive: true, force: true });
    }
  }
  await removeCgroups(`${prefix}${id}-`);
  await rm(dir, { recursive: true, force: true, maxRetries: 3 });
}

/** Kills whatever still runs in the namespace and deletes it, its interfaces with it. */
async function removeNetns(name: string): Promise<void> {
  const { stdout } = await attempt('ip', ['netns', 'pids', name]);
  await killAll(stdout.split('\n').filter(Boolean).map(Number));
  const { stderr } = await attempt('ip', ['netns', 'delete', name]);
  if (list('/run/netns').includes(name))
    throw new Error(`cannot delete the network namespace ${name}: ${stderr.trim()}`);
}

/** Deletes the (empty) control groups whose name starts so, in every hierarchy. */
async function removeCgroups(start: string): Promise<void> {
  const roots = ['/sys/fs/cgroup', ...list('/sys/fs/cgroup').map((name) => join('/sys/fs/cgroup', name))];
  const groups = roots.flatMap((root) =>
    list(root)
      .filter((name) => name.startsWith(start))
      .map((name) => join(root, name)),
  );
  if (groups.length > 0) await attempt('find', [...groups, '-depth', '-type', 'd', '-exec', 'rmdir', '{}', ';']);
}

async function unmountAll(dir: string): Promise<void> {
  const mounts = mountsBelow(dir);
  if (mounts.length === 0) return;
  const { stderr } = await attempt('umount', ['--lazy', ...mounts]);
  if (mountsBelow(dir).length > 0) throw new Error(`cannot unmount what is below ${dir}: ${stderr.trim()}`);
}

function mountsBelow(dir: string): string[] {
  const points = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '');
  return points.filter((point) => point.startsWith(`${dir}/`)).reverse();
}

function list(dir: string): string[] {
  return existsSync(dir) ? readdirSync(dir) : [];
}
