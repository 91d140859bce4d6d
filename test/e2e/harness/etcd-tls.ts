/**
 * Certificates for an etcd cluster of a test's own: one authority, a certificate for each member (which its peers and its clients are
 * shown), one for clients. Clusters of several machines run with them; nothing here speaks TLS itself.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type CertifiedKey, pemOf } from '../../../daemon/adapters/certificates/certified-key.ts';
import { issueAuthority, issueCertificate } from '../../../daemon/adapters/certificates/issue.ts';

/** Paths of PEM files. */
export interface TlsFiles {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

export interface EtcdTls {
  readonly client: TlsFiles;
  /** By the member's address. */
  readonly members: ReadonlyMap<string, TlsFiles>;
}

const LIFE_MS = 2 * 86_400_000;

export async function issueEtcdTls(dir: string, addresses: readonly string[]): Promise<EtcdTls> {
  // Members whose clock is off by an hour must believe them too.
  const validity = { notBefore: new Date(Date.now() - LIFE_MS), notAfter: new Date(Date.now() + LIFE_MS) };
  const authority = await issueAuthority('etcd-ca', validity);
  const ca = join(dir, 'ca.pem');
  await writeFile(ca, pemOf(authority).certificate);
  const write = async (name: string, pair: CertifiedKey): Promise<TlsFiles> => {
    const [cert, key] = [join(dir, `${name}.pem`), join(dir, `${name}-key.pem`)];
    const { certificate, key: secret } = pemOf(pair);
    await Promise.all([writeFile(cert, certificate), writeFile(key, secret, { mode: 0o600 })]);
    return { ca, cert, key };
  };
  const ofMember = async (address: string) => {
    // A member is a client of the others.
    const subject = { commonName: address, usage: 'both', names: [address, '127.0.0.1'] } as const;
    return [address, await write(address, await issueCertificate(subject, validity, authority))] as const;
  };
  const client = await issueCertificate({ commonName: 'sampan', usage: 'client' }, validity, authority);
  return { client: await write('client', client), members: new Map(await Promise.all(addresses.map(ofMember))) };
}
