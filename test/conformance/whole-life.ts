/**
 * The life that conformance asks of every kind: created, read, listed in its namespace and in all by label, patched, replaced and
 * deleted, each seen by a watch; then three more, of which a collection takes the labelled two. Called by the tests of this folder.
 */
import assert from 'node:assert/strict';
import type { HttpBed } from '../unit/apiserver/http-bed.ts';
import { Watching } from '../unit/apiserver/semantics/watching.ts';

/** An object as a test sends it and reads it. */
// biome-ignore lint/suspicious/noExplicitAny: tests reach into any object, and a wrong guess fails them
export type Body = Record<string, any>;

export interface Life {
  /** Of the collection, `/api/v1/namespaces/default/configmaps`. */
  readonly path: string;
  /** Of all namespaces; the same as `path` for what has none. */
  readonly everywhere: string;
  /** A valid object of the kind without its metadata. */
  readonly body: object;
  /** A merge patch, and what shows that it took. */
  readonly patch: object;
  readonly patched: (object: Body) => void;
  /** Changes the object read, for a PUT; what shows that it took. */
  readonly update: (object: Body) => void;
  readonly updated: (object: Body) => void;
}

export async function wholeLife(bed: HttpBed, life: Life): Promise<void> {
  const { path, everywhere } = life;
  const names = async (at: string): Promise<string[]> =>
    (await read(bed, at)).items.map(({ metadata }: Body) => metadata.name);
  const watching = await Watching.open(bed.socketPath, `${path}?watch=1&labelSelector=life%3Dwhole`);

  const created = await write(bed, 'POST', path, withMetadata(life.body, 'one', { life: 'whole' }));
  assert.ok(created.metadata.uid);
  assert.deepEqual(await read(bed, `${path}/one`), created);
  assert.deepEqual(await names(`${path}?labelSelector=life%3Dwhole`), ['one']);
  assert.deepEqual(await names(`${everywhere}?labelSelector=life%3Dwhole`), ['one']);
  assert.deepEqual(await names(`${everywhere}?labelSelector=life%3Dhalf`), []);

  const patch = { ...life.patch, metadata: { labels: { patched: 'yes' } } };
  const patched = await write(bed, 'PATCH', `${path}/one`, patch, 'application/merge-patch+json');
  life.patched(patched);
  assert.deepEqual(patched.metadata.labels.patched, 'yes');

  const changed = structuredClone(patched);
  life.update(changed);
  const updated = await write(bed, 'PUT', `${path}/one`, changed);
  life.updated(updated);
  assert.deepEqual(await read(bed, `${path}/one`), updated);

  await remove(bed, `${path}/one`);
  assert.equal((await bed.get(`${path}/one`)).status, 404);
  const seen = [await watching.next(), await watching.next(), await watching.next(), await watching.next()];
  watching.close();
  assert.deepEqual(
    seen.map(({ type }) => type),
    ['ADDED', 'MODIFIED', 'MODIFIED', 'DELETED'],
  );
  assert.deepEqual(seen[2]?.object, updated);

  for (const [name, value] of Object.entries({ two: 'whole', three: 'whole', other: 'half' })) {
    await write(bed, 'POST', path, withMetadata(life.body, name, { life: value, test: 'yes' }));
  }
  await remove(bed, `${path}?labelSelector=life%3Dwhole`);
  assert.deepEqual(await names(`${path}?labelSelector=test`), ['other']);
  await remove(bed, `${path}/other`);
}

export async function read(bed: HttpBed, path: string): Promise<Body> {
  const answer = await bed.get(path);
  assert.equal(answer.status, 200, answer.text);
  return answer.json();
}

/** Sends it, and insists that it is taken. */
export async function write(
  bed: HttpBed,
  method: 'POST' | 'PUT' | 'PATCH',
  path: string,
  body: object,
  contentType?: string,
): Promise<Body> {
  const answer = await bed.send(method, path, body, contentType);
  assert.equal(answer.status, method === 'POST' ? 201 : 200, answer.text);
  return answer.json();
}

export async function remove(bed: HttpBed, path: string): Promise<void> {
  const answer = await bed.get(path, {}, 'DELETE');
  assert.equal(answer.status, 200, answer.text);
}

function withMetadata(body: object, name: string, labels: Record<string, string>): object {
  return { ...body, metadata: { name, labels } };
}
