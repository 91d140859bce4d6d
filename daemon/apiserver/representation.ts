/**
 * How objects go over the wire: plain JSON, metadata only, or the Table that kubectl prints, as the Accept header asks. Answers text,
 * so that what is encoded once can be sent often. Pure.
 */
import type { Column } from '../../reconcilers/objects/kinds/entry.ts';
import { type AnyObject, KINDS, type KindInfo } from '../../reconcilers/objects/kinds.ts';
import { encodedItem, encodedObject } from './encoded.ts';
import { formatMediaType, type MediaType, negotiate } from './media-types.ts';
import { type IncludeObject, tableOf } from './table.ts';

export interface ListMetadata {
  readonly resourceVersion: string;
  /** Where the list goes on, and how much there is. */
  readonly continue?: string;
  readonly remainingItemCount?: number;
}

/** What a kind's objects look like to this request. */
export interface Representation {
  readonly contentType: string;
  one(object: AnyObject): string;
  /** An object that says nothing but how far a watch is. */
  bookmark(metadata: object): string;
  list(objects: readonly AnyObject[], metadata: ListMetadata): string;
}

const JSON_TYPE: MediaType = { type: 'application/json' };
const META = 'meta.k8s.io';
const CONVERTED: readonly MediaType[] = ['v1', 'v1beta1'].flatMap((v) =>
  ['Table', 'PartialObjectMetadata', 'PartialObjectMetadataList'].map((as) => ({ ...JSON_TYPE, as, g: META, v })),
);

interface Shown extends Pick<KindInfo, 'kind' | 'apiVersion'> {
  /** Where they are not those of the kind. */
  readonly columns?: readonly Column<AnyObject>[] | undefined;
}

/** NotAcceptable where the header names nothing of what there is. Ages are as of `now`. */
export function representationOf(
  info: Shown,
  accept: string | undefined,
  includeObject: string | null,
  now: () => number,
): Representation {
  const chosen = negotiate(accept, [JSON_TYPE, ...CONVERTED]);
  const contentType = formatMediaType(chosen);
  if (chosen.as === undefined) return { contentType, ...asJson(info) };
  const apiVersion = `${META}/${chosen.v}`;
  if (chosen.as === 'Table') return { contentType, ...asTable(info, apiVersion, includeOf(includeObject), now) };
  return { contentType, ...asMetadata(apiVersion) };
}

/** What of an object its row carries, from the query. */
export function includeOf(value: string | null): IncludeObject {
  return value === 'Object' || value === 'None' ? value : 'Metadata';
}

type Encoder = Omit<Representation, 'contentType'>;

function asJson({ kind, apiVersion }: Shown): Encoder {
  const head = `{"kind":"${kind}List","apiVersion":"${apiVersion}","metadata":`;
  return {
    one: encodedObject,
    bookmark: (metadata) => JSON.stringify({ kind, apiVersion, metadata }),
    list: (objects, metadata) => `${head}${JSON.stringify(metadata)},"items":[${objects.map(encodedItem).join(',')}]}`,
  };
}

function asMetadata(apiVersion: string): Encoder {
  const partial = ({ metadata }: { metadata: object }) => ({ kind: 'PartialObjectMetadata', apiVersion, metadata });
  return {
    one: (object) => JSON.stringify(partial(object)),
    bookmark: (metadata) => JSON.stringify(partial({ metadata })),
    list: (objects, metadata) =>
      JSON.stringify({ kind: 'PartialObjectMetadataList', apiVersion, metadata, items: objects.map(partial) }),
  };
}

function asTable(
  { kind, columns: given }: Shown,
  apiVersion: string,
  includeObject: IncludeObject,
  now: () => number,
): Encoder {
  const columns = given ?? (KINDS[kind].columns as readonly Column<AnyObject>[]);
  const table = (objects: readonly AnyObject[], metadata: ListMetadata) =>
    JSON.stringify(tableOf(columns, objects, { apiVersion, now: now(), metadata, include: includeObject }));
  return {
    one: (object) => table([object], { resourceVersion: object.metadata.resourceVersion }),
    bookmark: (metadata) => table([], metadata as ListMetadata),
    list: table,
  };
}
