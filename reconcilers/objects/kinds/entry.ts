/**
 * What a page of this folder says of its kind: names, scope, how the server completes and checks it, what may be selected and what
 * `kubectl get` prints. `../kinds.ts` gathers the pages; everything generic (store keys, REST paths, discovery, registry, tables)
 * reads them there. Pages are pure: rules that need to look at other objects are admission (`reconcilers/kit/registry/admission/`).
 */
import type { FieldError } from '../field-error.ts';
import type { JsonObject } from '../json.ts';
import type { KindMap } from '../kinds.ts';
import type { KubeObject } from '../meta.ts';
import { dnsSubdomain } from '../name-formats.ts';

export interface KindInfo {
  readonly kind: keyof KindMap;
  /** `v1` or `group/version`. */
  readonly apiVersion: string;
  /** Lower-case, as in REST paths. */
  readonly plural: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  /** `all`: shown by `kubectl get all`. */
  readonly categories: readonly string[];
  readonly namespaced: boolean;
  /** Below which the store keeps the kind: `/registry/pods/`. */
  readonly storePrefix: string;
  /** Whether a manifest may declare it. */
  readonly declarable: boolean;
  /** Whether a spec and a status are written by different writers (status subresource, generation). */
  readonly hasStatus: boolean;
  /** Whether a DELETE that removes an object answers with it; other kinds answer with a Status. As in Kubernetes, kind by kind. */
  readonly answersDeleted: boolean;
  /** Whether a PUT makes one where there is none. As in Kubernetes, kind by kind (AllowCreateOnUpdate). */
  readonly createdByUpdate: boolean;
  /** Whether the object cache keeps it; a loop can only see those. */
  readonly cached: boolean;
}

/** One column: a name, what it shows, and whether only `-o wide` shows it. */
export interface Column<T> {
  readonly name: string;
  readonly wide?: boolean;
  /** `integer` is right for numbers; default `string`. */
  readonly type?: 'string' | 'integer';
  readonly cell: (object: T, now: number) => string | number;
}

export interface KindEntry<T extends KubeObject = KubeObject> extends KindInfo {
  /** What is wrong with a name; Kubernetes' default is a DNS subdomain. */
  readonly nameProblems: (name: string) => string[];
  /** Beside `metadata.name` and `metadata.namespace`. */
  readonly selectableFields: readonly string[];
  /** Kubernetes' defaulting, in place. What is missing or misshapen stays, for validation to name. */
  readonly setDefaults: (object: JsonObject) => void;
  /** What only the server may say of a new object, in place, after `setDefaults`. */
  readonly prepareForCreate: (object: JsonObject) => void;
  /** What an update leaves as it was although its author left it out or may not change it, in place, after `setDefaults`. */
  readonly prepareForUpdate: (next: JsonObject, previous: JsonObject) => void;
  /** A defaulted object's own errors; metadata is checked for all kinds alike. */
  readonly validate: (object: JsonObject) => FieldError[];
  /** What a new object may not say, beside that. */
  readonly validateCreate: (object: JsonObject) => FieldError[];
  /** What of a change is not allowed. */
  readonly validateUpdate: (next: JsonObject, previous: JsonObject) => FieldError[];
  /** What of a valid object has no effect: told to who writes it. */
  readonly warnings: (object: JsonObject) => string[];
  readonly columns: readonly Column<T>[];
}

type Optional = Partial<Omit<KindEntry, 'kind' | 'plural' | 'storePrefix' | 'columns'>>;

type Page<T extends KubeObject> = Pick<KindEntry<T>, 'columns'> & {
  readonly kind: T['kind'] & keyof KindMap;
  readonly plural: string;
  /** Default: the plural. */
  readonly storePath?: string;
} & Optional;

/** The entry of a kind, with Kubernetes' defaults for what its page leaves out. */
export function defineKind<T extends KubeObject>(page: Page<T>): KindEntry<T> {
  const { storePath, ...given } = page;
  return {
    apiVersion: 'v1',
    singular: page.kind.toLowerCase(),
    shortNames: [],
    categories: [],
    namespaced: true,
    storePrefix: `/registry/${storePath ?? page.plural}/`,
    declarable: true,
    hasStatus: false,
    answersDeleted: false,
    createdByUpdate: false,
    cached: true,
    nameProblems: dnsSubdomain,
    selectableFields: [],
    setDefaults: () => {},
    prepareForCreate: () => {},
    prepareForUpdate: () => {},
    validate: () => [],
    validateCreate: () => [],
    validateUpdate: () => [],
    warnings: () => [],
    ...given,
  };
}
