/** v1 ServiceAccount: whom a pod is to the API server. */
import type { KubeObject } from '../meta.ts';
import { AGE, NAME } from './common-columns.ts';
import { defineKind } from './entry.ts';

export interface ServiceAccount extends KubeObject {
  apiVersion: 'v1';
  kind: 'ServiceAccount';
  secrets?: { name?: string; namespace?: string }[];
  imagePullSecrets?: { name?: string }[];
  /** False: pods get no token unless they ask for one. */
  automountServiceAccountToken?: boolean;
}

export const serviceAccountKind = defineKind<ServiceAccount>({
  kind: 'ServiceAccount',
  plural: 'serviceaccounts',
  shortNames: ['sa'],
  answersDeleted: true,
  columns: [NAME, { name: 'Secrets', type: 'integer', cell: (account) => account.secrets?.length ?? 0 }, AGE],
});
