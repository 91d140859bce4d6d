/**
 * Tells when something in a folder may have changed: file events through chokidar, plus a look at the root every two seconds for
 * what no file event tells (mounts, a folder replaced by another). Where the system has no watches left it says so and asks for
 * rescans instead. The folder source owns one; it reads no manifest.
 */
import { basename } from 'node:path';
import { type FSWatcher, watch } from 'chokidar';
import type { CancelTimer, Clock } from '../../../reconcilers/ports/clock.ts';
import { messageOf } from '../../../reconcilers/ports/errors.ts';
import type { Log } from '../../../reconcilers/ports/log.ts';
import { codeOf, identityOf } from './scan.ts';

const ROOT_CHECK_MS = 2_000;
/** Without watches: how often to rescan, and how often to try for watches again. */
const RESCAN_MS = 2_000;
const WATCH_AGAIN_MS = 60_000;
const LIMITS = new Set(['ENOSPC', 'EMFILE', 'ENFILE']);

export class FolderWatcher {
  readonly #root: string;
  readonly #onChange: () => void;
  readonly #onBegin: () => void;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #timers = new Map<string, CancelTimer>();
  #watcher: FSWatcher | undefined;
  #identity: string | undefined;
  #limited = false;
  #closed = false;

  /** `begin` is called when watching has begun, also anew: what happened before was not seen. */
  constructor(root: string, on: { change: () => void; begin: () => void }, deps: { clock: Clock; log: Log }) {
    this.#root = root;
    this.#onChange = on.change;
    this.#onBegin = on.begin;
    this.#clock = deps.clock;
    this.#log = deps.log;
  }

  async start(): Promise<void> {
    this.#identity = await identityOf(this.#root);
    this.#watch();
    this.#after('root', ROOT_CHECK_MS, () => this.#checkRoot());
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const cancel of this.#timers.values()) cancel();
    await this.#watcher?.close();
  }

  #watch(): void {
    if (this.#closed) return;
    const watcher = watch(this.#root, {
      ignoreInitial: true,
      // The folder source settles by itself; chokidar's own delays would come on top.
      atomic: false,
      ignorePermissionErrors: true,
      // `..data` is what a ConfigMap volume swaps.
      ignored: (path) => path !== this.#root && /^\.(?!\.data$)/.test(basename(path)),
    });
    this.#watcher = watcher;
    watcher.on('all', () => this.#onChange());
    watcher.on('ready', () => this.#onBegin());
    watcher.on('error', (error) => this.#failed(watcher, error));
  }

  #failed(watcher: FSWatcher, error: unknown): void {
    if (this.#closed || watcher !== this.#watcher) return;
    if (!LIMITS.has(codeOf(error) ?? '')) {
      this.#log.debug('watching the folder failed', { folder: this.#root, error: messageOf(error) });
      this.#onChange();
      return;
    }
    this.#watcher = undefined;
    void watcher.close();
    if (!this.#limited) {
      this.#log.error('the system has no file watches left: rescanning instead; raise fs.inotify.max_user_watches', {
        folder: this.#root,
        error: messageOf(error),
        everyMs: RESCAN_MS,
      });
    }
    this.#limited = true;
    this.#rescan();
    this.#after('again', WATCH_AGAIN_MS, () => {
      this.#timers.get('rescan')?.();
      this.#watch();
    });
  }

  #rescan(): void {
    this.#onChange();
    this.#after('rescan', RESCAN_MS, () => this.#rescan());
  }

  async #checkRoot(): Promise<void> {
    const identity = await identityOf(this.#root);
    if (this.#closed) return;
    if (identity !== this.#identity) {
      this.#identity = identity;
      const stale = this.#watcher;
      this.#watcher = undefined;
      await stale?.close();
      this.#watch();
      this.#onChange();
    }
    this.#after('root', ROOT_CHECK_MS, () => this.#checkRoot());
  }

  #after(name: string, ms: number, callback: () => unknown): void {
    this.#timers.get(name)?.();
    if (this.#closed) return;
    this.#timers.set(
      name,
      this.#clock.setTimer(ms, () => void callback()),
    );
  }
}
