/**
 * Writes daemon/apiserver/protobuf/messages.generated.json: field number, JSON name and type of every protobuf message that a client
 * may send. Run by hand: `node hack/generate-protobuf.ts KUBECTL`. The descriptors come out of a kubectl binary (1.27 to 1.33 carry
 * those of k8s.io/api, Apache License 2.0), names and required fields are held against the official client. The daemon reads only
 * the output.
 */
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import protobuf from 'protobufjs/minimal.js';
import { NULLABLE } from './protobuf-nullable.ts';

/** Message → field number → [JSON name, type], as daemon/apiserver/protobuf/messages.ts describes them. */
export type Messages = Record<string, Record<string, [string, string]>>;

const PACKAGES = [
  'apps.v1',
  'authentication.v1',
  'authorization.v1',
  'autoscaling.v1',
  'autoscaling.v2',
  'batch.v1',
  'coordination.v1',
  'core.v1',
  'discovery.v1',
  'events.v1',
  'networking.v1',
  'policy.v1',
  'rbac.v1',
  'scheduling.v1',
  'storage.v1',
];
const META = 'apimachinery.pkg.apis.meta.v1';

/** Messages that are not objects in JSON. */
const SPECIAL: Record<string, string> = {
  [`${META}.Time`]: 'time',
  [`${META}.MicroTime`]: 'micro-time',
  [`${META}.FieldsV1`]: 'fields',
  'apimachinery.pkg.api.resource.Quantity': 'quantity',
  'apimachinery.pkg.util.intstr.IntOrString': 'int-or-string',
  'apimachinery.pkg.runtime.RawExtension': 'raw',
  'api.authentication.v1.ExtraValue': 'items',
  'api.authorization.v1.ExtraValue': 'items',
};

/** FieldDescriptorProto.Type → our scalar. */
const SCALARS: Record<number, string> = {
  1: 'double',
  3: 'int64',
  5: 'int32',
  8: 'bool',
  9: 'string',
  12: 'bytes',
};

interface Field {
  readonly name: string;
  readonly number: number;
  readonly repeated: boolean;
  readonly type: number;
  readonly message: string;
}

interface Message {
  readonly fields: readonly Field[];
  readonly isMapEntry: boolean;
}

/** Reads the protobuf message at hand: field number → values, in order. */
function fieldsOf(bytes: Uint8Array): Map<number, (number | Uint8Array)[]> {
  const reader = protobuf.Reader.create(bytes);
  const fields = new Map<number, (number | Uint8Array)[]>();
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    const values = fields.get(tag >>> 3) ?? [];
    fields.set(tag >>> 3, values);
    if ((tag & 7) === 0) values.push(Number(reader.int64()));
    else if ((tag & 7) === 2) values.push(reader.bytes());
    else reader.skipType(tag & 7);
  }
  return fields;
}

function textOf(fields: ReturnType<typeof fieldsOf>, number: number): string {
  const value = fields.get(number)?.[0];
  return value instanceof Uint8Array ? Buffer.from(value).toString('utf8') : '';
}

function partsOf(fields: ReturnType<typeof fieldsOf>, number: number): ReturnType<typeof fieldsOf>[] {
  return (fields.get(number) ?? []).map((value) => fieldsOf(value as Uint8Array));
}

/** Every FileDescriptorProto that Go's protobuf registry put, gzipped, into the binary. */
function descriptorsIn(binary: Buffer): ReturnType<typeof fieldsOf>[] {
  const found: ReturnType<typeof fieldsOf>[] = [];
  const magic = Buffer.from([0x1f, 0x8b, 0x08]);
  for (let at = binary.indexOf(magic); at >= 0; at = binary.indexOf(magic, at + 1)) {
    try {
      const file = gunzipSync(binary.subarray(at, at + 200_000));
      if (file.subarray(2, 9).toString() === 'k8s.io/') found.push(fieldsOf(file));
    } catch {
      // Three bytes that only look like the start of a gzip stream.
    }
  }
  return found;
}

/** `k8s.io.api.core.v1.Pod` → `api.core.v1.Pod`. */
function shortened(name: string): string {
  return name.replace(/^\.?k8s\.io\./, '');
}

function readMessages(files: readonly ReturnType<typeof fieldsOf>[]): Map<string, Message> {
  const messages = new Map<string, Message>();
  const visit = (prefix: string, descriptor: ReturnType<typeof fieldsOf>): void => {
    const name = `${prefix}.${textOf(descriptor, 1)}`;
    const fields = partsOf(descriptor, 2).map((field) => ({
      name: textOf(field, 1),
      number: field.get(3)?.[0] as number,
      repeated: field.get(4)?.[0] === 3,
      type: field.get(5)?.[0] as number,
      message: shortened(textOf(field, 6)),
    }));
    messages.set(name, { fields, isMapEntry: partsOf(descriptor, 7)[0]?.get(7)?.[0] === 1 });
    for (const nested of partsOf(descriptor, 3)) visit(name, nested);
  };
  for (const file of files) for (const message of partsOf(file, 4)) visit(shortened(textOf(file, 2)), message);
  return messages;
}

/** JSON name → whether it is required, of each of the client's models. */
function readModels(): Map<string, Map<string, boolean>> {
  const folder = join(import.meta.dirname, '../node_modules/@kubernetes/client-node/dist/gen/models');
  return new Map(
    globSync('*.d.ts', { cwd: folder }).map((file) => {
      const text = readFileSync(join(folder, file), 'utf8');
      const members = [...text.matchAll(/^ {4}'([^']+)'(\??):/gm)];
      return [basename(file, '.d.ts'), new Map(members.map(([, name = '', optional]) => [name, optional === '']))];
    }),
  );
}

/** The client's model of a message; undefined for those that only exist inside others (`VolumeSource`). */
function modelOf(models: Map<string, Map<string, boolean>>, message: string): Map<string, boolean> | undefined {
  const [, group = '', version = '', name = ''] = /(\w+)\.(v\w+)\.(\w+)$/.exec(message) ?? [];
  const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);
  const prefixed = models.get(`${capital(group)}${capital(version)}${name}`);
  return prefixed ?? models.get(`${capital(version)}${name}`);
}

/** gogo names a few fields otherwise than JSON does: `uID`, `aPIGroup`. */
function jsonName(name: string, model: Map<string, boolean> | undefined): string {
  if (model === undefined || model.has(name)) return name;
  return [...model.keys()].find((known) => known.toLowerCase() === name.toLowerCase()) ?? name;
}

export function generateMessages(binary: Buffer): Messages {
  const messages = readMessages(descriptorsIn(binary));
  const models = readModels();
  const result: Messages = {};

  const typeOf = (field: Field, key: string, required: boolean): string => {
    const scalar = SCALARS[field.type];
    const isNullable = NULLABLE.has(key) || NULLABLE.has(key.split('.').slice(-2).join('.'));
    if (scalar !== undefined) return required || isNullable ? `!${scalar}` : scalar;
    if (field.type !== 11) throw new Error(`${key}: a field of type ${field.type}`);
    const special = SPECIAL[field.message];
    if (special !== undefined) return special;
    visit(field.message);
    return field.message;
  };

  const visit = (name: string, around?: Map<string, boolean>): void => {
    if (result[name] !== undefined) return;
    const message = messages.get(name);
    if (message === undefined) throw new Error(`${name} is not in the binary`);
    const fields: Record<string, [string, string]> = {};
    result[name] = fields;
    const model = around ?? modelOf(models, name);
    for (const given of message.fields) {
      const field = { ...given, name: jsonName(given.name, model) };
      const key = `${name.split('.').slice(-3).join('.')}.${field.name}`;
      const entry = field.repeated ? messages.get(field.message) : undefined;
      if (entry?.isMapEntry) {
        const value = entry.fields.find(({ number }) => number === 2) as Field;
        fields[field.number] = [field.name, `{}${typeOf(value, key, true).replace('!', '')}`];
      } else if (field.repeated) {
        fields[field.number] = [field.name, `[]${typeOf(field, key, true).replace('!', '')}`];
      } else if (model !== undefined && !model.has(field.name) && field.type === 11 && isInline(field, model)) {
        visit(field.message, modelOf(models, field.message) ?? model);
        fields[field.number] = [field.name, `^${field.message}`];
      } else {
        fields[field.number] = [field.name, typeOf(field, key, model?.get(field.name) ?? false)];
      }
    }
  };

  /** Go embeds a struct: protobuf nests it, JSON does not. */
  const isInline = (field: Field, model: Map<string, boolean>): boolean =>
    SPECIAL[field.message] === undefined &&
    (messages.get(field.message)?.fields.every(({ name, type }) => model.has(name) || type === 11) ?? false);

  for (const [name, message] of messages) {
    const isServed = PACKAGES.some((served) => name.startsWith(`api.${served}.`));
    const isKind = modelOf(models, name)?.has('kind') && message.fields.some((field) => field.name === 'metadata');
    if (isServed && isKind && !name.endsWith('List')) visit(name);
  }
  visit(`${META}.DeleteOptions`);
  return Object.fromEntries(Object.entries(result).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

if (import.meta.main) {
  const [kubectl] = process.argv.slice(2);
  if (kubectl === undefined) throw new Error('usage: node hack/generate-protobuf.ts KUBECTL');
  const messages = generateMessages(readFileSync(kubectl));
  const lines = Object.entries(messages).map(([name, fields]) => `${JSON.stringify(name)}:${JSON.stringify(fields)}`);
  const target = new URL('../daemon/apiserver/protobuf/messages.generated.json', import.meta.url);
  writeFileSync(target, `{\n${lines.join(',\n')}\n}\n`);
  process.stdout.write(`${lines.length} messages written\n`);
}
