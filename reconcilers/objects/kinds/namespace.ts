/** v1 Namespace. */
import type { Namespace } from '../cluster.ts';
import { defaultObject, setDefault } from '../defaulting.ts';
import { copyJson } from '../json.ts';
import { dnsLabel } from '../name-formats.ts';
import { AGE, NAME } from './common-columns.ts';
import { defineKind } from './entry.ts';

/** In `spec.finalizers` from the beginning: until its loop has emptied it, a deleted namespace is only marked. */
export const NAMESPACE_FINALIZER = 'kubernetes';

export const namespaceKind = defineKind<Namespace>({
  kind: 'Namespace',
  plural: 'namespaces',
  shortNames: ['ns'],
  namespaced: false,
  hasStatus: true,
  nameProblems: dnsLabel,
  selectableFields: ['status.phase'],
  setDefaults: (namespace) => {
    defaultObject(namespace, 'spec');
    const metadata = defaultObject(namespace, 'metadata');
    if (typeof metadata.name === 'string') {
      setDefault(defaultObject(metadata, 'labels'), 'kubernetes.io/metadata.name', metadata.name);
    }
    setDefault(defaultObject(namespace, 'status'), 'phase', 'Active');
  },
  prepareForCreate: (namespace) => {
    const { finalizers } = defaultObject(namespace, 'spec');
    const given = Array.isArray(finalizers) ? finalizers.filter((finalizer) => finalizer !== NAMESPACE_FINALIZER) : [];
    namespace.spec = { finalizers: [...given, NAMESPACE_FINALIZER] };
  },
  prepareForUpdate: (next, previous) => {
    next.spec = copyJson(previous.spec);
  },
  columns: [NAME, { name: 'Status', cell: (namespace) => namespace.status.phase }, AGE],
});
