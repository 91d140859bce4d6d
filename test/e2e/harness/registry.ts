/**
 * An image registry of a test's own: Debian's docker-registry on a machine of the harness, with TLS by an authority of the test's and a
 * password. Docker looks for authorities in /etc/docker/certs.d, whichever engine asks: the folder for this registry's unique host is
 * all that is ever made there, and goes with `distrust`.
 */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pemOf } from '../../../daemon/adapters/certificates/certified-key.ts';
import { issueAuthority, issueCertificate } from '../../../daemon/adapters/certificates/issue.ts';
import { lastLines } from './background-process.ts';
import { eventually } from './eventually.ts';
import type { Netns } from './netns.ts';

export const ACCOUNT = { username: 'puller', password: 'correct-horse' } as const;
/** `htpasswd -nbB puller correct-horse` */
const HTPASSWD = 'puller:$2y$05$PAkrRVUfJUXmOzo9bu1mretbY4/.8aCzSHKNR5PUWOYDTCWlgwmMy\n';

export interface Registry {
  /** `192.0.2.1:31234` */
  readonly host: string;
  /** Requests that it answered with 200, in order: `GET /v2/app/manifests/1`. */
  served(): string[];
  /** Docker on this machine takes its certificate, or no longer does. */
  trust(): Promise<void>;
  distrust(): Promise<void>;
}

/** Starts it on `address` inside the namespace; resolves when it listens. `dir`: an empty folder of the test bed. */
export async function startRegistry(netns: Netns, address: string, dir: string): Promise<Registry> {
  const port = 20_000 + (process.pid % 40_000);
  const host = `${address}:${port}`;
  const validity = { notBefore: new Date(Date.now() - 60_000), notAfter: new Date(Date.now() + 86_400_000) };
  const authority = await issueAuthority('a registry of the tests', validity);
  const subject = { commonName: address, usage: 'server', names: [address] } as const;
  const { certificate, key } = pemOf(await issueCertificate(subject, validity, authority));
  const file = (name: string) => join(dir, name);
  await Promise.all([
    writeFile(file('tls.crt'), certificate),
    writeFile(file('tls.key'), key),
    writeFile(file('htpasswd'), HTPASSWD),
    writeFile(
      file('config.yml'),
      `version: 0.1
storage: { filesystem: { rootdirectory: ${file('data')} } }
http: { addr: "${host}", tls: { certificate: ${file('tls.crt')}, key: ${file('tls.key')} } }
auth: { htpasswd: { realm: tests, path: ${file('htpasswd')} } }
`,
    ),
  ]);
  const server = await netns.start('docker-registry', ['serve', file('config.yml')], file('registry.log'));
  await eventually(() => !server.running || server.readLog().includes('listening on'), {
    describe: 'the registry to listen',
  });
  if (!server.running) throw new Error(`the registry did not start:\n${lastLines(server.logFile)}`);

  const trustedAt = `/etc/docker/certs.d/${host}`;
  return {
    host,
    served: () =>
      [...server.readLog().matchAll(/"((?:GET|HEAD) \S+) HTTP\/[\d.]+" 200 /g)].map(([, line = '']) => line),
    async trust() {
      await mkdir(trustedAt, { recursive: true });
      await writeFile(join(trustedAt, 'ca.crt'), pemOf(authority).certificate);
    },
    distrust: () => rm(trustedAt, { recursive: true, force: true }),
  };
}
