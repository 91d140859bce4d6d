/**
 * How objects go over the wire: JSON, YAML, metadata only, or the Table that kubectl prints, as the Accept header asks. Answers text,
 * or bytes where what is encoded once can be sent often. Pure.
 */
import { dump } from 'js-yaml';
import type { Column } from '../../reconcilers/objects/kinds/entry.ts';
import { type AnyObject, KINDS, type Kind } from '../../reconcilers/objects/kinds.ts';
import { type EventType, encodedEvent, encodedList, encodedObject } from './encoded.ts';
import { formatMediaType, type MediaType, negotiate } from './media-types.ts';
import type { Pieces } from './send.ts';
import { type IncludeObject, tableOf } from './table.ts';
import type { View } from './write/view.ts';

export interface ListMetadata {
  readonly resourceVersion: string;
  /** Where the list goes on, and how much there is. */
  readonly continue?: string;
  readonly remainingItemCount?: number;
}

/** As text or in bytes. */
export type Encoded = string | Buffer;
/** A long one may come in pieces. */
export type EncodedList = Encoded | Pieces;

/** What a kind's objects look like to this request. */
export interface Representation {
  readonly contentType: string;
  one(object: AnyObject): Encoded;
  /** As a line of a watch. */
  event(type: EventType, object: AnyObject): Encoded;
  /** An object that says nothing but how far a watch is. */
  bookmark(metadata: object): string;
  list(objects: readonly AnyObject[], metadata: ListMetadata): EncodedList;
}

const JSON_TYPE: MediaType = { type: 'application/json' };
const YAML_TYPE: MediaType = { type: 'application/yaml' };
const META = 'meta.k8s.io';
const CONVERTED: readonly MediaType[] = ['v1', 'v1beta1'].flatMap((v) =>
  ['Table', 'PartialObjectMetadata', 'PartialObjectMetadataList'].map((as) => ({ ...JSON_TYPE, as, g: META, v })),
);

/** As in Kubernetes a watch is never in YAML, whose documents do not say where they end. */
const STREAMED: readonly MediaType[] = [JSON_TYPE, ...CONVERTED];
const WHOLE: readonly MediaType[] = [...STREAMED, YAML_TYPE];

type Shown = Pick<View, 'kind' | 'apiVersion' | 'columns' | 'shown'>;

/** Of stored objects, as `view` shows them. NotAcceptable where the header names nothing of what there is. Ages are as of `now`. */
export function representationOf(
  view: Shown,
  accept: string | undefined,
  includeObject: string | null,
  now: () => number,
): Representation {
  return represented(view, negotiate(accept, WHOLE), includeObject, now);
}

/** The same, for a watch. */
export function streamRepresentationOf(
  view: Shown,
  accept: string | undefined,
  includeObject: string | null,
  now: () => number,
): Representation {
  return represented(view, negotiate(accept, STREAMED), includeObject, now);
}

function represented(view: Shown, chosen: MediaType, includeObject: string | null, now: () => number): Representation {
  const contentType = formatMediaType(chosen);
  if (chosen === YAML_TYPE) return { contentType, ...asYaml(view) };
  if (chosen.as === undefined) return { contentType, ...asJson(view) };
  const apiVersion = `${META}/${chosen.v}`;
  if (chosen.as === 'Table') return { contentType, ...asTable(view, apiVersion, includeOf(includeObject), now) };
  return { contentType, ...asMetadata(view, apiVersion) };
}

/** What of an object its row carries, from the query. */
export function includeOf(value: string | null): IncludeObject {
  return value === 'Object' || value === 'None' ? value : 'Metadata';
}

type Encoder = Omit<Representation, 'contentType'>;

function asJson({ kind, apiVersion, shown }: Shown) {
  const head = `{"kind":"${kind}List","apiVersion":"${apiVersion}","metadata":`;
  return {
    one: (object) => encodedObject(shown(object)),
    event: (type, object) => encodedEvent(type, shown(object)),
    bookmark: (metadata) => JSON.stringify({ kind, apiVersion, metadata }),
    list: (objects, metadata) => encodedList(`${head}${JSON.stringify(metadata)},"items":[`, objects.map(shown)),
  } satisfies Encoder;
}

function asYaml(view: Shown): Encoder {
  const json = asJson(view);
  const yaml = (encoded: Encoded) =>
    dump(JSON.parse(encoded.toString()), { sortKeys: true, lineWidth: -1, noRefs: true });
  return {
    ...json,
    one: (object) => yaml(json.one(object)),
    list: (objects, metadata) => yaml(Buffer.concat([...json.list(objects, metadata)])),
  };
}

function asMetadata({ shown }: Shown, apiVersion: string): Encoder {
  const partial = ({ metadata }: { metadata: object }) => ({ kind: 'PartialObjectMetadata', apiVersion, metadata });
  return {
    one: (object) => JSON.stringify(partial(shown(object))),
    event: (type, object) => eventLine(type, JSON.stringify(partial(shown(object)))),
    bookmark: (metadata) => JSON.stringify(partial({ metadata })),
    list: (objects, metadata) =>
      JSON.stringify({
        kind: 'PartialObjectMetadataList',
        apiVersion,
        metadata,
        items: objects.map(shown).map(partial),
      }),
  };
}

function asTable(
  { kind, columns: given, shown }: Shown,
  apiVersion: string,
  includeObject: IncludeObject,
  now: () => number,
): Encoder {
  const columns = given ?? (KINDS[kind as Kind].columns as readonly Column<AnyObject>[]);
  const table = (objects: readonly AnyObject[], metadata: ListMetadata) =>
    JSON.stringify(tableOf(columns, objects, { apiVersion, now: now(), metadata, include: includeObject, shown }));
  const one = (object: AnyObject) => table([object], { resourceVersion: object.metadata.resourceVersion });
  return {
    one,
    event: (type, object) => eventLine(type, one(object)),
    bookmark: (metadata) => table([], metadata as ListMetadata),
    list: table,
  };
}

/** A line of a watch; `object`: JSON text. */
export function eventLine(type: EventType, object: string): string {
  return `{"type":"${type}","object":${object}}\n`;
}
