/**
 * Answers `/openapi/v2` and `/openapi/v3`: what the fields of every kind are called, what they mean, and what may be done with them.
 * kubectl reads it to validate and to explain. A document is made when it is first asked for, and kept compressed; before that, and of
 * the types it was made from, nothing is kept.
 */
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import {
  type DiscoveredResource,
  groupVersionOf,
  groupVersionsOf,
  pathOfGroupVersion,
} from '../discovery/served-resources.ts';
import { assertRead, type Document, hashOf, jsonDocument, pathOf, sendDocument } from '../document.ts';
import type { Exchange } from '../exchange.ts';
import { negotiate } from '../media-types.ts';
import { namesByKind, readDefinitions } from './definitions.ts';
import { encodeSpecV2 } from './gnostic.ts';
import { pathsOf } from './operations.ts';
import { specV2 } from './spec-v2.ts';
import { specV3 } from './spec-v3.ts';

const compress = promisify(gzip);
const decompress = promisify(gunzip);

const V3 = '/openapi/v3';
const V2 = '/openapi/v2';
const TITLE = 'sampan';
const JSON_TYPE = 'application/json';
/** Asked for with an @, which no media type may have; answered without. */
const V2_PROTOBUF = 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf';
const V2_OFFERS = [
  { type: JSON_TYPE, content: 'json' },
  { type: V2_PROTOBUF, content: 'protobuf' },
  { type: V2_PROTOBUF.replace('@', '.'), content: 'protobuf' },
] as const;

const REVALIDATE = 'no-cache, private';
/** What has its hash in its URL never changes. */
const FOR_EVER = 'public, immutable, max-age=31536000';

interface V3Documents {
  readonly index: Document;
  /** By the part of the path after `/openapi/v3/`. */
  readonly byPath: ReadonlyMap<string, Document>;
}

interface V2Documents {
  readonly json: Document;
  readonly protobuf: Document;
}

export class OpenApi {
  readonly #served: readonly DiscoveredResource[];
  readonly #version: string;
  readonly #v3 = onceAsked(() => this.#makeV3());
  readonly #v2 = onceAsked(() => this.#makeV2());

  /** `version` is what the documents say theirs is, such as `v1.33.0`. */
  constructor(served: readonly DiscoveredResource[], version: string) {
    this.#served = served;
    this.#version = version;
  }

  /** Answers the request where its path is one of OpenAPI's; false where it is another's. */
  async serve(exchange: Exchange): Promise<boolean> {
    const path = pathOf(exchange.request);
    if (path === V2) return this.#serveV2(exchange);
    if (path === V3 || path.startsWith(`${V3}/`)) return this.#serveV3(exchange, path.slice(V3.length + 1));
    return false;
  }

  async #serveV2(exchange: Exchange): Promise<boolean> {
    assertRead(exchange);
    const { content } = negotiate(exchange.request.headers.accept, V2_OFFERS);
    await send(exchange, (await this.#v2())[content], REVALIDATE);
    return true;
  }

  async #serveV3(exchange: Exchange, path: string): Promise<boolean> {
    assertRead(exchange);
    negotiate(exchange.request.headers.accept, [{ type: JSON_TYPE }]);
    const { index, byPath } = await this.#v3();
    const document = path === '' ? index : byPath.get(path);
    if (document === undefined) return false;
    const { searchParams } = new URL(exchange.request.url ?? '/', 'http://server');
    const hash = path === '' ? null : searchParams.get('hash');
    if (hash !== null && hash !== document.hash) return redirect(exchange, urlOf(path, document));
    await send(exchange, document, hash === null ? REVALIDATE : FOR_EVER);
    return true;
  }

  async #makeV3(): Promise<V3Documents> {
    const definitions = await readDefinitions();
    const nameOf = namesByKind(definitions);
    const byPath = new Map<string, Document>();
    for (const groupVersion of groupVersionsOf(this.#served)) {
      const resources = this.#served.filter((resource) => groupVersionOf(resource) === groupVersion);
      const items = resources.flatMap((resource) => pathsOf(resource, nameOf));
      const document = jsonDocument(specV3(TITLE, this.#version, items, definitions));
      byPath.set(pathOfGroupVersion(groupVersion), await compressed(document));
    }
    const paths = Object.fromEntries(
      [...byPath].map(([path, document]) => [path, { serverRelativeURL: urlOf(path, document) }]),
    );
    return { index: jsonDocument({ paths }), byPath };
  }

  async #makeV2(): Promise<V2Documents> {
    const definitions = await readDefinitions();
    const nameOf = namesByKind(definitions);
    const items = this.#served.flatMap((resource) => pathsOf(resource, nameOf));
    const spec = specV2(TITLE, this.#version, items, definitions);
    const body = encodeSpecV2(spec);
    const protobuf = { contentType: V2_PROTOBUF.replace('@', '.'), hash: hashOf(body), body };
    return { json: await compressed(jsonDocument(spec)), protobuf: await compressed(protobuf) };
  }
}

/** What `make` makes, from the first time on that it is asked for. A failure is not kept. */
function onceAsked<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make().catch((error: unknown) => {
      made = undefined;
      throw error;
    });
    return made;
  };
}

function urlOf(path: string, { hash }: Document): string {
  return `${V3}/${path}?hash=${hash}`;
}

/** A client came with the hash of an older document, of the daemon before perhaps. */
function redirect({ response }: Exchange, location: string): true {
  response.writeHead(301, { location });
  response.end();
  return true;
}

async function compressed(document: Document): Promise<Document> {
  return { ...document, body: await compress(document.body), encoding: 'gzip' };
}

async function send(exchange: Exchange, document: Document, cacheControl: string): Promise<void> {
  const acceptsGzip = /\bgzip\b(?!\s*;\s*q=0(\.0*)?\s*(,|$))/.test(
    String(exchange.request.headers['accept-encoding'] ?? ''),
  );
  if (document.encoding === undefined || acceptsGzip) return sendDocument(exchange, document, cacheControl);
  const { encoding: _, ...plain } = document;
  sendDocument(exchange, { ...plain, body: await decompress(document.body) }, cacheControl);
}
