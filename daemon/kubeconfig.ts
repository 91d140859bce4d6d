/** What kubectl needs to know to reach this daemon, as one file. Pure; `sampan run` writes it, `sampan kubeconfig` prints it. */
import { dump } from 'js-yaml';
import { type CertifiedKey, pemOf } from './adapters/certificates/certified-key.ts';

const CLUSTER = 'sampan';

export interface KubeconfigContent {
  /** `https://127.0.0.1:6443`. */
  readonly server: string;
  readonly authority: CertifiedKey;
  readonly client: CertifiedKey;
  /** Its name in the file; who the user is says the certificate. */
  readonly user: string;
}

export function kubeconfigOf({ server, authority, client, user }: KubeconfigContent): string {
  const { certificate, key } = pemOf(client);
  return dump({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      { name: CLUSTER, cluster: { server, 'certificate-authority-data': base64(pemOf(authority).certificate) } },
    ],
    users: [{ name: user, user: { 'client-certificate-data': base64(certificate), 'client-key-data': base64(key) } }],
    contexts: [{ name: CLUSTER, context: { cluster: CLUSTER, user } }],
    'current-context': CLUSTER,
  });
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
