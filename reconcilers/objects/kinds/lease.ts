/** coordination.k8s.io/v1 Lease: heartbeats of nodes, and whatever clients elect leaders with. */
import type { Lease } from '../cluster.ts';
import { defaultObject } from '../defaulting.ts';
import { invalid } from '../field-error.ts';
import { objectAt } from '../json.ts';
import { AGE, NAME } from './common-columns.ts';
import { defineKind } from './entry.ts';

export const leaseKind = defineKind<Lease>({
  kind: 'Lease',
  apiVersion: 'coordination.k8s.io/v1',
  plural: 'leases',
  createdByUpdate: true,
  declarable: false,
  setDefaults: (lease) => {
    defaultObject(lease, 'spec');
  },
  validate: (lease) => {
    const seconds = objectAt(lease, 'spec')?.leaseDurationSeconds;
    return typeof seconds === 'number' && seconds <= 0
      ? [invalid('spec.leaseDurationSeconds', seconds, 'must be greater than 0')]
      : [];
  },
  columns: [NAME, { name: 'Holder', cell: (lease) => lease.spec.holderIdentity ?? '' }, AGE],
});
