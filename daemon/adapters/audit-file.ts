/**
 * The audit log on disk: JSON lines in a file for its owner only, moved aside when it is full, the oldest of those removed. `sampan
 * run` opens it. What cannot be written waits for the disk, up to a limit; losing lines is said in the daemon's own log.
 */
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { type FileHandle, open, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import type { CancelTimer, Clock } from '../../reconcilers/ports/clock.ts';
import { messageOf, SampanError } from '../../reconcilers/ports/errors.ts';
import type { Log } from '../../reconcilers/ports/log.ts';

const MODE = 0o600;
/** How much may wait for a disk that does not take it. */
const WAITING_BYTES = 16 * 1024 * 1024;
const RETRY_MS = 2_000;
/** `audit-2026-01-02T03-04-05.678.log` */
const BACKUP_TIME = /^(\d{4}-\d\d-\d\d)T(\d\d)-(\d\d)-(\d\d\.\d{3})$/;

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
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #file: { readonly handle: FileHandle; size: number } | undefined;
  /** The one writer, while it is at work. */
  #writing: Promise<void> | undefined;
  #failing = false;
  #losing = false;
  #cancelRetry: CancelTimer = () => {};

  /** Usage error where the file cannot be opened. */
  constructor(options: AuditFileOptions, deps: { clock: Clock; log: Log }) {
    this.#options = options;
    this.#deps = deps;
    try {
      mkdirSync(dirname(options.path), { recursive: true, mode: 0o700 });
      closeSync(openSync(options.path, 'a', MODE));
    } catch (cause) {
      throw new SampanError('Usage', { detail: `cannot write the audit log ${options.path}` }, cause);
    }
  }

  write(event: object): void {
    const line = Buffer.from(`${JSON.stringify(event)}\n`);
    if (this.#waitingBytes + line.length > WAITING_BYTES) {
      if (!this.#losing) this.#deps.log.error('audit lines are lost: too many wait', { path: this.#options.path });
      this.#losing = true;
      return;
    }
    this.#waiting.push(line);
    this.#waitingBytes += line.length;
    if (!this.#failing) this.#start();
  }

  /** Writes what waits; a disk that takes nothing is not waited for. */
  async close(): Promise<void> {
    this.#cancelRetry();
    await this.#writing;
    if (this.#waiting.length > 0) await this.#writeAll();
    this.#cancelRetry();
    await this.#file?.handle.close();
  }

  #start(): void {
    this.#writing ??= this.#writeAll().finally(() => {
      this.#writing = undefined;
    });
  }

  async #writeAll(): Promise<void> {
    try {
      while (this.#waiting.length > 0) {
        this.#file ??= await openForAppending(this.#options.path);
        const lines = this.#fitting(this.#file.size);
        if (lines.length === 0) await this.#moveAside(this.#file.handle);
        else await this.#append(this.#file, lines);
      }
      if (this.#failing) this.#deps.log.info('the audit log is written again', { path: this.#options.path });
      this.#failing = false;
      this.#losing = false;
    } catch (error) {
      this.#failed(error);
    }
  }

  /** The lines that go in before the file is full; an empty file takes one of any length. */
  #fitting(size: number): Buffer[] {
    let bytes = size;
    const end = this.#waiting.findIndex((line, index) => {
      bytes += line.length;
      return bytes > this.#options.maxBytes && !(size === 0 && index === 0);
    });
    return this.#waiting.slice(0, end === -1 ? undefined : end);
  }

  async #append(file: { readonly handle: FileHandle; size: number }, lines: readonly Buffer[]): Promise<void> {
    const batch = Buffer.concat(lines);
    try {
      await file.handle.appendFile(batch);
    } catch (error) {
      // What a full disk took of it would be a torn line before the next try.
      await file.handle.truncate(file.size).catch(() => undefined);
      throw error;
    }
    file.size += batch.length;
    this.#waiting.splice(0, lines.length);
    this.#waitingBytes -= batch.length;
  }

  async #moveAside(handle: FileHandle): Promise<void> {
    const { path, maxBackups } = this.#options;
    await rename(path, join(dirname(path), await this.#backupName()));
    this.#file = undefined;
    await handle.close();
    const surplus = maxBackups === 0 ? [] : (await this.#backups()).slice(0, -maxBackups);
    for (const old of surplus) await rm(join(dirname(path), old));
  }

  /** As Kubernetes names them; a later one always sorts after an earlier one, also when the clock was set back. */
  async #backupName(): Promise<string> {
    const { path } = this.#options;
    const last = (await this.#backups()).at(-1);
    const after = last === undefined ? 0 : timeOf(last.slice(stemOf(path).length + 1));
    const time = new Date(Math.max(this.#deps.clock.now(), after + 1)).toISOString().slice(0, -1);
    return `${stemOf(path)}-${time.replaceAll(':', '-')}${extname(path)}`;
  }

  /** Oldest first. */
  async #backups(): Promise<string[]> {
    const { path } = this.#options;
    const [stem, end] = [`${stemOf(path)}-`, extname(path)];
    const names = await readdir(dirname(path));
    return names
      .filter((name) => name.startsWith(stem) && name.endsWith(end))
      .filter((name) => BACKUP_TIME.test(name.slice(stem.length, name.length - end.length)))
      .sort();
  }

  #failed(error: unknown): void {
    const { clock, log } = this.#deps;
    if (!this.#failing) {
      log.error('the audit log cannot be written', { path: this.#options.path, error: messageOf(error) });
    }
    this.#failing = true;
    this.#cancelRetry();
    this.#cancelRetry = clock.setTimer(RETRY_MS, () => this.#start());
  }
}

async function openForAppending(path: string): Promise<{ handle: FileHandle; size: number }> {
  const handle = await open(path, 'a', MODE);
  return { handle, size: (await handle.stat()).size };
}

function timeOf(text: string): number {
  return Date.parse(`${text.slice(0, 23).replace(BACKUP_TIME, '$1T$2:$3:$4')}Z`);
}

function stemOf(path: string): string {
  return basename(path, extname(path));
}
