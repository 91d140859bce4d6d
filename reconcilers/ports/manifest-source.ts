/**
 * A place manifests come from: a folder or a git repo. manifest-sync reads whole snapshots from it, never single files; the
 * adapter only says "look again" when something may have changed.
 *
 * Errors: SourceUnreachable, where it cannot be read now (never an empty snapshot instead).
 */
import type { SourceProblem } from '../objects/source.ts';

export interface SourceFile {
  /** Relative to the folder, or to the repo's root; with `/`. */
  readonly path: string;
  readonly bytes: Uint8Array;
}

export interface SourceSnapshot {
  /** A commit id, or `sha256:` + the content hash of a folder; equal revisions mean equal files and problems. */
  readonly revision: string;
  /** The commit's first line; for a folder, what changed is not known: empty. */
  readonly subject: string;
  /** The manifests ({@link isManifestPath}), sorted by path. */
  readonly files: readonly SourceFile[];
  /** What could not be read or is not supported: an unreadable file, a submodule, an LFS pointer. */
  readonly problems: readonly SourceProblem[];
  /** Set where nothing was found and it may be that the source is merely absent (an unmounted volume): why it may. */
  readonly doubt?: string;
}

export interface ManifestSource {
  /** The name of its Source object: a DNS label, stable over restarts. */
  readonly name: string;
  readonly type: 'folder' | 'git';
  /** For people, without credentials. */
  readonly location: string;
  /** Reads it all, as of now. The very same object as last time where nothing changed is welcome. */
  snapshot(signal: AbortSignal): Promise<SourceSnapshot>;
  /** Yields whenever a new snapshot may differ from the last, until `signal` aborts; never throws. */
  changes(signal: AbortSignal): AsyncIterable<void>;
  close(): Promise<void>;
}

/** Where the last good snapshot of each source outlives the process, so that it can be defended while the source is broken. */
export interface SnapshotArchive {
  /** Replaces what was kept for `source`; atomic. */
  save(source: string, snapshot: SourceSnapshot): Promise<void>;
  /** Undefined where none is kept or what is kept is damaged. */
  load(source: string): Promise<SourceSnapshot | undefined>;
}

/** When to look again without being told: an interval or a cron expression. */
export interface SyncSchedule {
  /** As given: `30s`, or a cron expression. */
  readonly text: string;
  /** Milliseconds from now to the next look. */
  nextMs(): number;
}

/**
 * Whether a file (its path relative to the source, with `/`) is taken for a manifest: `.yaml`, `.yml` or `.json`, and neither
 * hidden, nor in a hidden folder, nor what editors and copying tools leave while they save (`.web.yaml.swp`, `.#web.yaml`,
 * `#web.yaml#`, `web.yaml~`, `web.yaml.part`).
 */
export function isManifestPath(path: string): boolean {
  const names = path.split('/');
  const last = names.at(-1) ?? '';
  return /\.(yaml|yml|json)$/.test(last) && !/^[~#]/.test(last) && names.every((name) => !name.startsWith('.'));
}
