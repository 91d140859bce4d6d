/**
 * What the node sees of the cluster, as a list and the watch behind it: one stream from one API server, whose BOOKMARKs say up to which
 * revision everything was told. When it breaks, the next one begins with everything again, never older than what was seen, and the
 * cache finds the difference.
 */
import type { AnyObject, Kind, ObjectOf } from '../../../reconcilers/objects/kinds.ts';
import { SampanError } from '../../../reconcilers/ports/errors.ts';
import type { ChangeBatch, ObjectChange, ObjectClient } from '../../../reconcilers/ports/object-client.ts';
import type { ApiServers } from './api-servers.ts';
import { errorOfStatus } from './error-of-status.ts';
import { Silence } from './silence.ts';

/** Three of the server's marks: it is gone, cut off, or does not hear from the store itself. */
const SILENT_MS = 15_000;

type Line =
  | { readonly type: ObjectChange['type']; readonly object: AnyObject }
  | { readonly type: 'BOOKMARK'; readonly object: { readonly metadata: { readonly resourceVersion: string } } }
  | { readonly type: 'ERROR'; readonly object: { readonly code: number } };

interface Stream {
  readonly server: string;
  readonly batches: AsyncGenerator<ChangeBatch>;
  readonly close: () => void;
  /** What it began with. */
  readonly first: ChangeBatch;
}

export class NodeFeedClient implements Pick<ObjectClient, 'list' | 'watch'> {
  readonly #servers: ApiServers;
  readonly #path: string;
  readonly #parse: (line: string) => unknown;
  #stream: Stream | undefined;
  #seen = 0;

  /** `parse`: of a line, for who has many nodes and wants what they share once. */
  constructor(servers: ApiServers, nodeName: string, parse: (line: string) => unknown = JSON.parse) {
    this.#servers = servers;
    this.#parse = parse;
    this.#path = `/apis/sampan.dev/v1/nodes/${encodeURIComponent(nodeName)}/feed`;
  }

  /** Without `revision` a new stream is begun; with it, what that stream began with. */
  async list<K extends Kind>(
    kind: K,
    { namespace, revision }: { namespace?: string; revision?: number } = {},
  ): Promise<{ items: ObjectOf<K>[]; revision: number }> {
    if (revision === undefined) await this.#begin();
    const first = this.#stream?.first;
    if (first === undefined || (revision !== undefined && first.revision !== revision)) throw compacted(revision ?? 0);
    const items = first.changes
      .map(({ object }) => object as AnyObject)
      .filter(
        (object) => object.kind === kind && (namespace ?? object.metadata.namespace) === object.metadata.namespace,
      );
    return { items: items as ObjectOf<K>[], revision: first.revision };
  }

  /** Goes on with the stream that was listed; StoreCompacted where that has broken, so that it is listed again. */
  async *watch<K extends Kind>(
    kinds: readonly K[],
    { after, signal }: { after: number; signal: AbortSignal },
  ): AsyncGenerator<ChangeBatch<K>> {
    const stream = this.#stream;
    if (stream === undefined) throw compacted(after);
    signal.addEventListener('abort', stream.close, { once: true });
    const wanted = new Set<Kind>(kinds);
    try {
      for await (const { revision, changes } of stream.batches) {
        this.#seen = revision;
        yield { revision, changes: changes.filter(({ kind }) => wanted.has(kind)) as ObjectChange<K>[] };
      }
      throw new SampanError('ServerUnavailable', { servers: stream.server, detail: 'it ended the feed' });
    } catch (error) {
      if (signal.aborted) return;
      this.#servers.leave(stream.server);
      throw error;
    } finally {
      signal.removeEventListener('abort', stream.close);
      stream.close();
      this.#stream = undefined;
    }
  }

  async #begin(): Promise<void> {
    this.#stream?.close();
    this.#stream = undefined;
    const response = await this.#servers.open({ path: `${this.#path}?resourceVersion=${this.#seen}`, isVital: true });
    const server = this.#servers.current;
    const close = () => response.destroy();
    const silence = new Silence(SILENT_MS, () => {
      response.destroy(new Error(`${server} has said nothing for ${SILENT_MS / 1000} s`));
    });
    response.on('close', () => silence.stop());
    const batches = batchesOf(response, this.#parse, () => {
      silence.heard();
      this.#servers.heard(server);
    });
    const first = await batches.next();
    if (first.done === true)
      throw new SampanError('ServerUnavailable', { servers: server, detail: 'it ended the feed' });
    this.#seen = first.value.revision;
    this.#stream = { server, batches, close, first: first.value };
  }
}

/** What comes between two BOOKMARKs belongs together. */
async function* batchesOf(
  response: AsyncIterable<Buffer>,
  parse: (line: string) => unknown,
  heard: () => void,
): AsyncGenerator<ChangeBatch> {
  let changes: ObjectChange[] = [];
  for await (const line of linesOf(response)) {
    heard();
    const { type, object } = parse(line) as Line;
    if (type === 'ERROR') throw errorOfStatus(object.code, JSON.stringify(object));
    if (type !== 'BOOKMARK') {
      changes.push({ type, kind: object.kind, object } as ObjectChange);
      continue;
    }
    yield { revision: Number(object.metadata.resourceVersion), changes };
    changes = [];
  }
}

async function* linesOf(response: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let parts: Buffer[] = [];
  for await (const chunk of response) {
    let from = 0;
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, from)) {
      parts.push(chunk.subarray(from, end));
      yield Buffer.concat(parts).toString('utf8');
      parts = [];
      from = end + 1;
    }
    if (from < chunk.length) parts.push(chunk.subarray(from));
  }
}

function compacted(revision: number): SampanError {
  return new SampanError('StoreCompacted', { revision, oldest: revision + 1 });
}
