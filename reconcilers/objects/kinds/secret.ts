/** v1 Secret. `stringData` is for writing only: it is folded into `data`. */
import { setDefault } from '../defaulting.ts';
import { type FieldError, invalid, required } from '../field-error.ts';
import { element } from '../field-path.ts';
import { type JsonObject, objectAt, setMember, textOf } from '../json.ts';
import type { KubeObject } from '../meta.ts';
import { AGE, NAME } from './common-columns.ts';
import { base64Bytes, validateConfigData, validateImmutable } from './config-data.ts';
import { defineKind } from './entry.ts';

export interface Secret extends KubeObject {
  apiVersion: 'v1';
  kind: 'Secret';
  type: string;
  /** Base64. */
  data?: Record<string, string>;
  immutable?: boolean;
}

/** What each built-in type demands. https://kubernetes.io/docs/concepts/configuration/secret/#secret-types */
const REQUIRED_KEYS: Readonly<Record<string, readonly string[]>> = {
  'kubernetes.io/dockercfg': ['.dockercfg'],
  'kubernetes.io/dockerconfigjson': ['.dockerconfigjson'],
  'kubernetes.io/ssh-auth': ['ssh-privatekey'],
  'kubernetes.io/tls': ['tls.crt', 'tls.key'],
};
const JSON_KEYS = new Set(['.dockercfg', '.dockerconfigjson']);
const SERVICE_ACCOUNT_NAME = 'kubernetes.io/service-account.name';

export const secretKind = defineKind<Secret>({
  kind: 'Secret',
  plural: 'secrets',
  selectableFields: ['type'],
  setDefaults: (secret) => {
    setDefault(secret, 'type', 'Opaque');
    const plain = objectAt(secret, 'stringData');
    delete secret.stringData;
    if (plain === undefined) return;
    const data = objectAt(secret, 'data') ?? {};
    for (const [key, value] of Object.entries(plain)) {
      setMember(data, key, Buffer.from(textOf(value), 'utf8').toString('base64'));
    }
    secret.data = data;
  },
  validate: (secret) => [...validateConfigData(secret, { data: base64Bytes }), ...validateType(secret)],
  validateUpdate: (next, previous) => [
    ...(next.type === previous.type ? [] : [invalid('type', next.type, 'field is immutable')]),
    ...validateImmutable(next, previous, ['data']),
  ],
  columns: [
    NAME,
    { name: 'Type', cell: (secret) => secret.type },
    { name: 'Data', type: 'integer', cell: (secret) => Object.keys(secret.data ?? {}).length },
    AGE,
  ],
});

function validateType(secret: JsonObject): FieldError[] {
  const type = textOf(secret.type);
  const data = objectAt(secret, 'data') ?? {};
  const errors = (REQUIRED_KEYS[type] ?? []).flatMap((key) => {
    const path = element('data', key);
    if (!Object.hasOwn(data, key)) return [required(path)];
    const isSound = !JSON_KEYS.has(key) || isJson(Buffer.from(textOf(data[key]), 'base64').toString('utf8'));
    return isSound ? [] : [invalid(path, '<secret contents redacted>', 'must be valid json')];
  });
  if (type === 'kubernetes.io/basic-auth' && !('username' in data) && !('password' in data)) {
    errors.push(required(element('data', 'username')), required(element('data', 'password')));
  }
  const annotations = objectAt(objectAt(secret, 'metadata'), 'annotations') ?? {};
  if (type === 'kubernetes.io/service-account-token' && textOf(annotations[SERVICE_ACCOUNT_NAME]) === '') {
    errors.push(required(element('metadata.annotations', SERVICE_ACCOUNT_NAME)));
  }
  return errors;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
