/**
 * A folder of manifests as a source. Reports a change once the folder has been quiet for a moment and no file in it is half
 * written; reads it whole. An absent root is SourceUnreachable, never empty; it is noticed when it comes back.
 */

import { Pulse } from '../../../reconcilers/kit/pulse.ts';
import { type CancelTimer, type Clock, sleep } from '../../../reconcilers/ports/clock.ts';
import { isAbort, messageOf, SampanError } from '../../../reconcilers/ports/errors.ts';
import type { Log } from '../../../reconcilers/ports/log.ts';
import type { ManifestSource, SourceSnapshot, SyncSchedule } from '../../../reconcilers/ports/manifest-source.ts';
import { FolderWatcher } from './folder-watcher.ts';
import { openForWriting } from './open-files.ts';
import { contentHash, type Listing, listManifests, readManifests } from './scan.ts';

/** Nothing has happened in the folder for so long, and no file in it was written to. */
const QUIET_MS = 30;
/** An endless stream of events holds a look up no longer than this. */
const MOST_UNQUIET_MS = 1_000;
/** How long an empty file, or one that somebody still has open for writing, is given after its last write. */
const EMPTY_MS = 2_000;
const OPEN_MS = 10_000;
const OPEN_CHECK_MS = 50;
const RETRY_MS = 1_000;

export interface FolderSourceDeps {
  readonly clock: Clock;
  readonly log: Log;
  /** The net under the file events: a rescan by content. */
  readonly schedule: SyncSchedule;
}

export class FolderSource implements ManifestSource {
  readonly type = 'folder';
  readonly name: string;
  readonly location: string;
  readonly #deps: FolderSourceDeps;
  readonly #closing = new AbortController();
  #last: SourceSnapshot | undefined;
  /** The root as it was when something was last found in it: what empties in place was emptied, not unmounted. */
  #rootIdentity: string | undefined;
  /** The last listing in which no file was half written, as JSON. */
  #finished = '';
  /** The listing that the last snapshot was read from, as JSON. */
  #known = '';
  /** Whether the last look failed: then it is repeated soon, as not all that ends a failure is a file event. */
  #failing = false;

  /** `location`: the folder's absolute path. */
  constructor(name: string, location: string, deps: FolderSourceDeps) {
    this.name = name;
    this.location = location;
    this.#deps = deps;
  }

  async snapshot(signal: AbortSignal): Promise<SourceSnapshot> {
    this.#failing = true;
    const snapshot = await this.#read(signal);
    this.#failing = false;
    return snapshot;
  }

  async *changes(signal: AbortSignal): AsyncIterable<void> {
    const stop = AbortSignal.any([signal, this.#closing.signal]);
    const { clock, log, schedule } = this.#deps;
    const pulse = new Pulse();
    const timers: Record<'rescan' | 'retry', CancelTimer> = { rescan: () => {}, retry: () => {} };
    const rescan = () => {
      timers.rescan = clock.setTimer(schedule.nextMs(), () => {
        pulse.notify();
        rescan();
      });
    };
    const retry = () => {
      timers.retry = clock.setTimer(RETRY_MS, () => {
        if (this.#failing) pulse.notify();
        retry();
      });
    };
    const change = () => pulse.notify();
    const begin = async () => {
      if (await this.#isAsRead())
        log.debug('watching the folder, unchanged since it was read', { folder: this.location });
      else change();
    };
    const watcher = new FolderWatcher(this.location, { change, begin: () => void begin() }, { clock, log });
    try {
      rescan();
      retry();
      await watcher.start();
      for await (const _ of pulse.stream(stop)) {
        await this.#quiet(pulse, stop);
        yield;
      }
    } catch (error) {
      if (!isAbort(error)) throw error;
    } finally {
      for (const cancel of Object.values(timers)) cancel();
      await watcher.close();
    }
  }

  async close(): Promise<void> {
    this.#closing.abort();
  }

  async #read(signal: AbortSignal): Promise<SourceSnapshot> {
    for (;;) {
      const listing = await this.#settled(signal);
      const { files, problems } = await readManifests(this.location, listing);
      if (!(await this.#isAsListed(listing))) continue;
      this.#known = JSON.stringify(listing);

      const snapshot = {
        revision: contentHash(files, problems),
        subject: '',
        files,
        problems,
        ...this.#doubt(listing),
      };
      const same = this.#last?.revision === snapshot.revision && this.#last.doubt === snapshot.doubt;
      if (!same) this.#last = snapshot;
      return this.#last ?? snapshot;
    }
  }

  /** Waits until no event has come for a moment and what is there is settled; events so far are then taken care of. */
  async #quiet(pulse: Pulse, signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#deps;
    const until = clock.now() + MOST_UNQUIET_MS;
    do await sleep(clock, QUIET_MS, signal);
    while (pulse.take() && clock.now() < until);
    try {
      await this.#settled(signal);
    } catch (error) {
      if (isAbort(error)) throw error;
      log.debug('the folder cannot be listed', { folder: this.location, error: messageOf(error) });
    }
    pulse.take();
  }

  /** The listing, as soon as no file in it looks half written. SourceUnreachable where that takes longer than it may. */
  async #settled(signal: AbortSignal): Promise<Listing> {
    const { clock } = this.#deps;
    const until = clock.now() + OPEN_MS + EMPTY_MS;
    for (;;) {
      signal.throwIfAborted();
      const listing = await listManifests(this.location);
      // What was found finished and has not been touched since still is.
      const text = JSON.stringify(listing);
      if (text === this.#finished) return listing;
      const unsettled = findUnsettled(listing, clock.now());
      if (unsettled === undefined) {
        this.#finished = text;
        return listing;
      }
      if (clock.now() > until) {
        const detail = `${unsettled.path} is written to without a pause`;
        throw new SampanError('SourceUnreachable', { source: this.location, detail });
      }
      await sleep(clock, unsettled.waitMs, signal);
    }
  }

  /** Whether the folder still is what was listed before it was read. */
  async #isAsListed(listing: Listing): Promise<boolean> {
    return JSON.stringify(await listManifests(this.location)) === JSON.stringify(listing);
  }

  /**
   * Whether nothing has happened since the last snapshot was read. What is rewritten in place within one tick of the file system's
   * clock would be missed; but no file is read that was written to that lately.
   */
  async #isAsRead(): Promise<boolean> {
    if (this.#known === '' || this.#failing) return false;
    try {
      return JSON.stringify(await listManifests(this.location)) === this.#known;
    } catch {
      return false; // the next look says what is the matter
    }
  }

  #doubt(listing: Listing): { doubt?: string } {
    if (!listing.rootIsEmpty) this.#rootIdentity = listing.rootIdentity;
    if (!listing.rootIsEmpty || this.#rootIdentity === listing.rootIdentity) return {};
    return {
      doubt: `${this.location} is empty, which it was not when it was last applied: perhaps a volume is not mounted; if it is meant to be empty, put any file into it`,
    };
  }
}

/** A file that looks unfinished, and when to look again. */
function findUnsettled(listing: Listing, now: number): { path: string; waitMs: number } | undefined {
  // Absolute: a file server's clock may be a little ahead of ours.
  const aged = listing.files.map((file) => ({ ...file, age: Math.abs(now - file.modifiedMs) }));
  const fresh = aged.find(({ age }) => age < QUIET_MS);
  if (fresh !== undefined) return { path: fresh.path, waitMs: Math.ceil(QUIET_MS - fresh.age) };
  const empty = aged.find(({ age, size }) => size === 0 && age < EMPTY_MS);
  if (empty !== undefined) return { path: empty.path, waitMs: OPEN_CHECK_MS };
  const recent = aged.filter(({ age }) => age < OPEN_MS);
  const open = openForWriting(new Set(recent.map((file) => file.identity)));
  const writing = recent.find((file) => open.has(file.identity));
  return writing && { path: writing.path, waitMs: OPEN_CHECK_MS };
}
