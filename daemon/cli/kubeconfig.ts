/**
 * `sampan kubeconfig`: the administrator's, as the daemon wrote it; or one for somebody else, whose certificate is made here and kept
 * nowhere. Who may read the authority's key in the data dir may do so, nobody else can.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { SampanError } from '../../reconcilers/ports/errors.ts';
import { AUTHORITY_FILE, validityFrom } from '../adapters/certificates/certificates.ts';
import { readCertifiedKey } from '../adapters/certificates/certified-key.ts';
import { issueCertificate } from '../adapters/certificates/issue.ts';
import type { KubeconfigConfig } from '../config.ts';
import { kubeconfigOf } from '../kubeconfig.ts';
import { DataDir } from './data-dir.ts';

export async function kubeconfig(config: KubeconfigConfig, out: NodeJS.WritableStream, now: number): Promise<number> {
  const dataDir = new DataDir(config.dataDir);
  const written = read(dataDir.kubeconfigPath);
  const server = config.server ?? serverIn(written);
  const { user, groups } = config;
  const authority = readCertifiedKey(join(dataDir.pkiPath, AUTHORITY_FILE));
  const admin = readCertifiedKey(join(dataDir.pkiPath, 'admin.pem'));
  if (authority === undefined || admin === undefined) throw missing(dataDir.pkiPath);
  if (user === undefined) {
    out.write(
      config.server === undefined ? written : kubeconfigOf({ server, authority, client: admin, user: 'admin' }),
    );
    return 0;
  }
  const subject = { commonName: user, organizations: groups, usage: 'client' } as const;
  const client = await issueCertificate(subject, validityFrom(now), authority);
  out.write(kubeconfigOf({ server, authority, client, user }));
  return 0;
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') throw missing(path);
    throw new SampanError('Usage', { detail: `${path} may only be read by its owner; run this as that user` }, cause);
  }
}

function missing(path: string): SampanError {
  const detail = `there is no ${path}: start the daemon with sampan run and a --secure-port, or name its --data-dir`;
  return new SampanError('Usage', { detail });
}

function serverIn(text: string): string {
  const { clusters } = load(text) as { clusters: readonly { cluster: { server: string } }[] };
  return clusters[0]?.cluster.server ?? '';
}
