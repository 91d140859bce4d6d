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

/** The account of pods that name none; every namespace has it. */
export const DEFAULT_SERVICE_ACCOUNT = 'default';

/** Where every namespace has the authority that signed the API server's certificate. */
export const ROOT_CERTIFICATE = { configMap: 'kube-root-ca.crt', key: 'ca.crt' } as const;

export const serviceAccountKind = defineKind<ServiceAccount>({
  kind: 'ServiceAccount',
  plural: 'serviceaccounts',
  shortNames: ['sa'],
  answersDeleted: true,
  columns: [NAME, { name: 'Secrets', type: 'integer', cell: (account) => account.secrets?.length ?? 0 }, AGE],
});
