/** v1 ConfigMap. */
import type { KubeObject } from '../meta.ts';
import { AGE, NAME } from './common-columns.ts';
import { base64Bytes, validateConfigData, validateImmutable } from './config-data.ts';
import { defineKind } from './entry.ts';

export interface ConfigMap extends KubeObject {
  apiVersion: 'v1';
  kind: 'ConfigMap';
  data?: Record<string, string>;
  /** Base64. */
  binaryData?: Record<string, string>;
  immutable?: boolean;
}

export const configMapKind = defineKind<ConfigMap>({
  kind: 'ConfigMap',
  plural: 'configmaps',
  shortNames: ['cm'],
  validate: (map) => validateConfigData(map, { data: Buffer.byteLength, binaryData: base64Bytes }),
  validateUpdate: (next, previous) => validateImmutable(next, previous, ['data', 'binaryData']),
  columns: [
    NAME,
    {
      name: 'Data',
      type: 'integer',
      cell: ({ data, binaryData }) => Object.keys(data ?? {}).length + Object.keys(binaryData ?? {}).length,
    },
    AGE,
  ],
});
