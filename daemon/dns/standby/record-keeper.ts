/**
 * Keeps in the folder what names are answered from, so that it is there when the daemon is not: whole, at most once a second, and
 * less often where it is much. The daemon's side of the standby makes one.
 */
import type { ObjectCache } from '../../../reconcilers/kit/object-cache.ts';
import type { Clock } from '../../../reconcilers/ports/clock.ts';
import { messageOf } from '../../../reconcilers/ports/errors.ts';
import type { Log } from '../../../reconcilers/ports/log.ts';
import { isNamedKind, namedObjects } from '../zone/cluster-objects.ts';
import type { StandbyFolder, StandbyRecords } from './standby-folder.ts';

const LEAST_PAUSE_MS = 1_000;
/** A pause is so many times as long as the write before it took. */
const PAUSES_PER_WRITE = 50;

export type RecordSettings = Omit<StandbyRecords, 'revision' | 'objects'>;

export interface RecordKeeperDeps {
  readonly cache: ObjectCache;
  readonly clock: Clock;
  readonly log: Log;
}

export class RecordKeeper {
  readonly #folder: StandbyFolder;
  readonly #settings: RecordSettings;
  readonly #deps: RecordKeeperDeps;
  readonly #forgetNoMore: () => void;
  #pauseMs = LEAST_PAUSE_MS;
  /** Set while there is something new that waits to be written. */
  #cancel: (() => void) | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(folder: StandbyFolder, settings: RecordSettings, deps: RecordKeeperDeps) {
    this.#folder = folder;
    this.#settings = settings;
    this.#deps = deps;
    this.#forgetNoMore = deps.cache.subscribe(({ kind }) => {
      if (!isNamedKind(kind)) return;
      this.#cancel ??= deps.clock.setTimer(this.#pauseMs, () => void this.write());
    });
  }

  /** Writes what is known now. Never rejects: the log says what went wrong, and the next change is another chance. */
  async write(): Promise<void> {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#writing = this.#writing.then(() => this.#write());
    await this.#writing;
  }

  /** Writes what is not written yet, and nothing after that. */
  async close(): Promise<void> {
    this.#forgetNoMore();
    if (this.#cancel !== undefined) await this.write();
    await this.#writing;
  }

  async #write(): Promise<void> {
    const { cache, clock, log } = this.#deps;
    const began = clock.now();
    try {
      await this.#folder.write({ ...this.#settings, revision: cache.revision, objects: namedObjects(cache) });
    } catch (error) {
      log.error('what names stand for cannot be kept for when no daemon runs', { error: messageOf(error) });
    }
    this.#pauseMs = Math.max(LEAST_PAUSE_MS, (clock.now() - began) * PAUSES_PER_WRITE);
  }
}
