/** sampan.dev/v1 Source: what is applied from where. Written by manifest-sync alone. */
import { age } from '../age.ts';
import { defaultObject, isEmpty, setDefault } from '../defaulting.ts';
import { required } from '../field-error.ts';
import { objectAt } from '../json.ts';
import type { Source } from '../source.ts';
import { oneOf } from '../validation-pod.ts';
import { NAME, NONE } from './common-columns.ts';
import { defineKind } from './entry.ts';

export const sourceKind = defineKind<Source>({
  kind: 'Source',
  apiVersion: 'sampan.dev/v1',
  plural: 'sources',
  storePath: 'sampan.dev/sources',
  namespaced: false,
  declarable: false,
  hasStatus: true,
  setDefaults: (source) => {
    defaultObject(source, 'spec');
    const status = defaultObject(source, 'status');
    for (const list of ['inventory', 'conditions', 'history']) setDefault(status, list, []);
  },
  validate: (source) => {
    const { location, onInvalid } = objectAt(source, 'spec') ?? {};
    return [
      ...(isEmpty(location) ? [required('spec.location')] : []),
      ...oneOf(onInvalid, ['refuse', 'skip-file'], 'spec.onInvalid'),
    ];
  },
  columns: [
    NAME,
    { name: 'Location', cell: (source) => source.spec.location },
    { name: 'Revision', cell: (source) => (source.status.appliedRevision ?? NONE).slice(0, 14) },
    { name: 'Ready', cell: (source) => readiness(source)?.status ?? 'Unknown' },
    { name: 'Applied', cell: (source, now) => age(source.status.appliedAt, now) },
    { name: 'Message', cell: (source) => readiness(source)?.message ?? '' },
  ],
});

function readiness(source: Source): Source['status']['conditions'][number] | undefined {
  return source.status.conditions.find(({ type }) => type === 'Ready');
}
