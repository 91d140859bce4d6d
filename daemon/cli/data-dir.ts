/** The daemon's folder on disk: its socket, its process number, and the identity its containers carry. */
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { SampanError } from '../../reconcilers/ports/errors.ts';
import { SOCKET_NAME } from './api-connection.ts';

const PID_FILE = 'sampan.pid';
const LOCK_FILE = 'lock';
const INSTANCE_FILE = 'instance';

export class DataDir {
  readonly path: string;
  #lock: DatabaseSync | undefined;

  constructor(path: string) {
    this.path = path;
  }

  get socketPath(): string {
    return join(this.path, SOCKET_NAME);
  }

  /** Of pods' volumes, where they are on the disk. */
  get volumesPath(): string {
    return join(this.path, 'pods');
  }

  /** Of what claims hold: it outlives everything but the claims. */
  get claimsPath(): string {
    return join(this.path, 'claims');
  }

  /** Of containers' last words. */
  get terminationPath(): string {
    return join(this.path, 'termination-messages');
  }

  get storePath(): string {
    return join(this.path, 'store.db');
  }

  /** What the daemon pulled. */
  get imagesPath(): string {
    return join(this.path, 'images.json');
  }

  /** Of who answers names while no daemon runs. */
  get dnsPath(): string {
    return join(this.path, 'dns');
  }

  get kubeconfigPath(): string {
    return join(this.path, 'kubeconfig');
  }

  /** The daemon's own certificates and keys. */
  get pkiPath(): string {
    return join(this.path, 'pki');
  }

  /** Where people put seccomp profiles for pods that name one of this node's. */
  get seccompPath(): string {
    return join(this.path, 'seccomp');
  }

  /** Makes the folder, for its owner only, and claims it. Usage error where a daemon already runs on it. */
  claim(pid: number): void {
    mkdirSync(this.path, { recursive: true, mode: 0o700 });
    this.#lock = tryLock(this.#lockPath);
    if (this.#lock === undefined) {
      const other = this.#read(PID_FILE) ?? 'unknown';
      throw new SampanError('Usage', {
        detail: `a daemon already runs on ${this.path} (process ${other}); stop it first`,
      });
    }
    try {
      writeFileSync(join(this.path, PID_FILE), `${pid}\n`);
    } catch (error) {
      // It is for people to read, and no reason not to start on a full disk.
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    }
  }

  release(): void {
    for (const name of [PID_FILE, SOCKET_NAME]) rmSync(join(this.path, name), { force: true });
    this.#lock?.close();
  }

  /** What tells this daemon's containers from those of others on the same Docker engine; made once, kept for good. */
  instance(): string {
    const known = this.knownInstance();
    if (known !== undefined) return known;
    const made = randomBytes(8).toString('hex');
    writeFileSync(join(this.path, INSTANCE_FILE), `${made}\n`);
    return made;
  }

  /** The instance, where a daemon ever ran here. */
  knownInstance(): string | undefined {
    return this.#read(INSTANCE_FILE);
  }

  /** Whether a daemon runs here, answering or not. */
  isInUse(): boolean {
    const lock = tryLock(this.#lockPath);
    lock?.close();
    return lock === undefined;
  }

  get #lockPath(): string {
    return join(this.path, LOCK_FILE);
  }

  #read(name: string): string | undefined {
    try {
      return readFileSync(join(this.path, name), 'utf8').trim() || undefined;
    } catch {
      return undefined;
    }
  }
}

const SQLITE_BUSY = 5;

/**
 * Locks a file until `close`, or until the process ends, however it does; undefined where another process holds it. Node has no
 * file locks of its own; SQLite's are the kernel's, and take no room on the disk.
 */
function tryLock(path: string): DatabaseSync | undefined {
  const lock = new DatabaseSync(path);
  try {
    lock.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
    return lock;
  } catch (error) {
    lock.close();
    if ((error as { errcode?: number }).errcode === SQLITE_BUSY) return undefined;
    throw error;
  }
}
