/**
 * The audit log on disk: JSON lines in a file for its owner only, moved aside when it is full, the oldest of those removed. `sampan
 * run` opens it. What cannot be written waits for the disk, up to a limit; losing lines is said in the daemon's own log.
 */
import { closeSync, mkdirSync, openSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';
import { SonicBoom } from 'sonic-boom';
import type { Clock } from '../../reconcilers/ports/clock.ts';
import { messageOf, SampanError } from '../../reconcilers/ports/errors.ts';
import type { Log } from '../../reconcilers/ports/log.ts';

/** How much may wait for a disk that does not take it. */
const WAITING_BYTES = 16 * 1024 * 1024;
const RETRY_MS = 2_000;
const MODE = 0o600;

export interface AuditFileOptions {
  readonly path: string;
  /** The file is moved aside before it grows beyond this. */
  readonly maxBytes: number;
  /** How many of those moved aside are kept; 0: all. */
  readonly maxBackups: number;
}

export class AuditFile {
  readonly #options: AuditFileOptions;
  readonly #deps: { clock: Clock; log: Log };
  readonly #file: SonicBoom;
  #size: number;
  #failing = false;
  #cancelRetry = () => {};

  /** Usage error where the file cannot be opened. */
  constructor(options: AuditFileOptions, deps: { clock: Clock; log: Log }) {
    this.#options = options;
    this.#deps = deps;
    try {
      mkdirSync(dirname(options.path), { recursive: true, mode: 0o700 });
      closeSync(openSync(options.path, 'a', MODE));
      this.#size = statSync(options.path).size;
    } catch (cause) {
      throw new SampanError('Usage', { detail: `cannot write the audit log ${options.path}` }, cause);
    }
    const { path: dest } = options;
    this.#file = new SonicBoom({ dest, append: true, mode: MODE, sync: false, maxLength: WAITING_BYTES });
    this.#file.on('error', (error) => this.#failed(error));
    this.#file.on('drop', () => this.#failed(new Error('too much waits to be written; lines are lost')));
    this.#file.on('write', () => this.#recovered());
  }

  write(event: object): void {
    const line = `${JSON.stringify(event)}\n`;
    const bytes = Buffer.byteLength(line);
    if (this.#size > 0 && this.#size + bytes > this.#options.maxBytes) this.#rotate();
    this.#size += bytes;
    this.#file.write(line);
  }

  /** Writes what waits; a disk that takes nothing is not waited for. */
  async close(): Promise<void> {
    this.#cancelRetry();
    await new Promise<void>((resolve) => {
      this.#file.once('close', resolve);
      this.#file.once('error', () => {
        this.#file.destroy();
        resolve();
      });
      this.#file.end();
    });
  }

  #rotate(): void {
    const { path, maxBackups } = this.#options;
    try {
      renameSync(path, this.#backupPath());
      this.#size = 0;
      this.#file.reopen(path);
      const surplus = maxBackups === 0 ? [] : this.#backups().slice(0, -maxBackups);
      for (const old of surplus) rmSync(join(dirname(path), old));
    } catch (error) {
      this.#failed(error);
    }
  }

  /** As Kubernetes names them: `audit-2026-01-02T03-04-05.678.log`. */
  #backupPath(): string {
    const { path } = this.#options;
    const taken = new Set(this.#backups());
    for (let ms = this.#deps.clock.now(); ; ms++) {
      const time = new Date(ms).toISOString().replaceAll(':', '-').slice(0, -1);
      const name = `${this.#stem}-${time}${extname(path)}`;
      if (!taken.has(name)) return join(dirname(path), name);
    }
  }

  /** Oldest first: their names sort by time. */
  #backups(): string[] {
    const { path } = this.#options;
    const isTime = /^\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{3}$/;
    return readdirSync(dirname(path))
      .filter((name) => name.startsWith(`${this.#stem}-`) && name.endsWith(extname(path)))
      .filter((name) => isTime.test(name.slice(this.#stem.length + 1, name.length - extname(path).length)))
      .sort();
  }

  get #stem(): string {
    return basename(this.#options.path, extname(this.#options.path));
  }

  #failed(error: unknown): void {
    const { clock, log } = this.#deps;
    if (!this.#failing)
      log.error('the audit log cannot be written', { path: this.#options.path, error: messageOf(error) });
    this.#failing = true;
    this.#cancelRetry();
    this.#cancelRetry = clock.setTimer(RETRY_MS, () => this.#file.flush(() => {}));
  }

  #recovered(): void {
    if (this.#failing) this.#deps.log.info('the audit log is written again', { path: this.#options.path });
    this.#failing = false;
  }
}
