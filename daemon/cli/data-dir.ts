/** The daemon's folder on disk: its socket, its process number, and the identity its containers carry. */
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SampanError } from '../../reconcilers/ports/errors.ts';
import { ApiConnection, SOCKET_NAME } from './api-connection.ts';

const PID_FILE = 'sampan.pid';
const INSTANCE_FILE = 'instance';

export class DataDir {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  get socketPath(): string {
    return join(this.path, SOCKET_NAME);
  }

  get storePath(): string {
    return join(this.path, 'store.db');
  }

  /** Makes the folder, for its owner only, and claims it. Usage error where a daemon already runs on it. */
  async claim(pid: number): Promise<void> {
    mkdirSync(this.path, { recursive: true, mode: 0o700 });
    if (await this.isInUse()) {
      const other = this.#read(PID_FILE) ?? 'unknown';
      throw new SampanError('Usage', {
        detail: `a daemon already runs on ${this.path} (process ${other}); stop it first`,
      });
    }
    writeFileSync(join(this.path, PID_FILE), `${pid}\n`);
  }

  release(): void {
    for (const name of [PID_FILE, SOCKET_NAME]) rmSync(join(this.path, name), { force: true });
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

  /** Whether a daemon answers on its socket. */
  async isInUse(): Promise<boolean> {
    try {
      await new ApiConnection(this.path).stream('/healthz');
      return true;
    } catch {
      return false;
    }
  }

  #read(name: string): string | undefined {
    try {
      return readFileSync(join(this.path, name), 'utf8').trim() || undefined;
    } catch {
      return undefined;
    }
  }
}
