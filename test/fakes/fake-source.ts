/** A manifest source that a test edits like a repo: each commit is a set of files; it can vanish, and come back. */
import { createHash } from 'node:crypto';
import { Pulse } from '../../reconcilers/kit/pulse.ts';
import type { SourceProblem } from '../../reconcilers/objects/source.ts';
import { SampanError } from '../../reconcilers/ports/errors.ts';
import type { ManifestSource, SnapshotArchive, SourceSnapshot } from '../../reconcilers/ports/manifest-source.ts';

export class FakeSource implements ManifestSource {
  readonly type: 'folder' | 'git';
  readonly name: string;
  readonly location: string;
  /** How often it was read. */
  reads = 0;
  readonly #pulse = new Pulse();
  readonly #closing = new AbortController();
  #snapshot: SourceSnapshot | undefined;

  constructor(name = 'web', type: 'folder' | 'git' = 'git') {
    this.name = name;
    this.type = type;
    this.location = `/srv/${name}`;
  }

  /** Replaces all files; answers the revision, which follows from them alone unless it is given. Quiet: nobody is told. */
  set(
    files: Readonly<Record<string, string>>,
    options: { problems?: SourceProblem[]; subject?: string; doubt?: string; quiet?: boolean; revision?: string } = {},
  ): string {
    const { problems = [], subject = 'a commit', doubt, quiet } = options;
    const digest = createHash('sha1').update(JSON.stringify([files, problems]));
    const revision = options.revision ?? digest.digest('hex');
    this.#snapshot = {
      revision,
      subject,
      files: Object.entries(files)
        .map(([path, text]) => ({ path, bytes: Buffer.from(text) }))
        .sort((a, b) => (a.path < b.path ? -1 : 1)),
      problems,
      ...(doubt !== undefined && { doubt }),
    };
    if (quiet !== true) this.#pulse.notify();
    return revision;
  }

  vanish(): void {
    this.#snapshot = undefined;
    this.#pulse.notify();
  }

  /** Says that something may have changed, though nothing has. */
  touch(): void {
    this.#pulse.notify();
  }

  async snapshot(signal: AbortSignal): Promise<SourceSnapshot> {
    signal.throwIfAborted();
    this.reads += 1;
    if (this.#snapshot === undefined) {
      throw new SampanError('SourceUnreachable', { source: this.location, detail: 'it is not there' });
    }
    return this.#snapshot;
  }

  async *changes(signal: AbortSignal): AsyncIterable<void> {
    for await (const _ of this.#pulse.stream(AbortSignal.any([signal, this.#closing.signal]))) yield;
  }

  async close(): Promise<void> {
    this.#closing.abort();
  }
}

/** Outlives the loops of a test as the file would a crash. */
export class MemoryArchive implements SnapshotArchive {
  readonly #kept = new Map<string, SourceSnapshot>();

  async save(source: string, snapshot: SourceSnapshot): Promise<void> {
    this.#kept.set(source, snapshot);
  }

  async load(source: string): Promise<SourceSnapshot | undefined> {
    return this.#kept.get(source);
  }

  clear(): void {
    this.#kept.clear();
  }
}
