/**
 * The protobuf messages that a client may send, from the generated table, and which of them is the body of a kind. Read at the first
 * protobuf body, not before. Holds no rule of its own.
 */
import { readFileSync } from 'node:fs';

export interface MessageField {
  /** The member's name in JSON. */
  readonly name: string;
  /**
   * `string`, `int32`, `time`, ..., or a message; `[]` before it: a list; `{}`: a map from strings; `^`: its members are those of
   * the message around it; `!`: its zero says something and is kept.
   */
  readonly type: string;
  readonly shape: 'one' | 'list' | 'map' | 'inline';
  readonly keepsZero: boolean;
}

/** Field number → field. */
export type Message = ReadonlyMap<number, MessageField>;

const META = 'apimachinery.pkg.apis.meta.v1';

/** API groups whose package in k8s.io/api has another name. */
const PACKAGES: Readonly<Record<string, string>> = { '': 'core', 'rbac.authorization.k8s.io': 'rbac' };

let generated: Readonly<Record<string, Readonly<Record<string, readonly [string, string]>>>> | undefined;
const compiled = new Map<string, Message>();

/** The name of the message that an object of a kind is; undefined for kinds that have none here. */
export function messageOfKind(apiVersion: string, kind: string): string | undefined {
  // DeleteOptions are of whatever group the deleted object is of.
  const name = kind === 'DeleteOptions' ? `${META}.DeleteOptions` : `api.${packageOf(apiVersion)}.${kind}`;
  return messageOf(name) === undefined ? undefined : name;
}

/** `policy/v1` → `policy.v1`, `v1` → `core.v1`, `discovery.k8s.io/v1` → `discovery.v1`. */
function packageOf(apiVersion: string): string {
  const [version = '', group = ''] = apiVersion.split('/').toReversed();
  return `${PACKAGES[group] ?? group.split('.')[0]}.${version}`;
}

/** The message's fields; undefined where `name` is none (a special type such as `quantity`). */
export function messageOf(name: string): Message | undefined {
  const known = compiled.get(name);
  if (known !== undefined) return known;
  generated ??= JSON.parse(readFileSync(new URL('messages.generated.json', import.meta.url), 'utf8')) as NonNullable<
    typeof generated
  >;
  const fields = Object.hasOwn(generated, name) ? generated[name] : undefined;
  if (fields === undefined) return undefined;
  const message = new Map(
    Object.entries(fields).map(([number, [member, type]]) => [Number(number), field(member, type)]),
  );
  compiled.set(name, message);
  return message;
}

const SHAPES = [
  ['[]', 'list'],
  ['{}', 'map'],
  ['^', 'inline'],
] as const;

function field(name: string, type: string): MessageField {
  for (const [mark, shape] of SHAPES) {
    if (type.startsWith(mark)) return { name, type: type.slice(mark.length), shape, keepsZero: true };
  }
  return { name, type: type.replace('!', ''), shape: 'one', keepsZero: type.startsWith('!') };
}
