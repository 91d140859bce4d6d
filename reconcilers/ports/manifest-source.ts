/**
 * A place manifests come from: a folder or a git repo. manifest-sync reads whole snapshots from it, never single files; the
 * adapter only says "look again" when something may have changed.
 *
 * Errors: SourceUnreachable, where it cannot be read now (never an empty snapshot instead).
 */
export interface SourceFile {
  /** Relative to the source, with `/`. */
  readonly path: string;
  readonly bytes: Uint8Array;
}

export interface SourceSnapshot {
  /** A commit id, or `sha256:` + the content hash of a folder; equal revisions mean equal files. */
  readonly revision: string;
  /** The commit's first line; for a folder, what changed is not known: empty. */
  readonly subject: string;
  readonly files: readonly SourceFile[];
}

export interface ManifestSource {
  /** The name of its Source object: a DNS label, stable over restarts. */
  readonly name: string;
  readonly type: 'folder' | 'git';
  /** For people, without credentials. */
  readonly location: string;
  /** Reads it all, as of now. */
  snapshot(signal: AbortSignal): Promise<SourceSnapshot>;
  /** Yields whenever a new snapshot may differ from the last, until `signal` aborts; never throws. */
  changes(signal: AbortSignal): AsyncIterable<void>;
  close(): Promise<void>;
}
