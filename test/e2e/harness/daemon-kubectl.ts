/**
 * Real kubectl on a real daemon. kubectl speaks TCP only, so a loopback port passes its bytes on to the daemon's socket; what it
 * prints is the test's to judge.
 */
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import { findKubectl, Kubectl, type KubectlVersion } from '../../kubectl/harness/kubectl.ts';
import type { Sampan } from './sampan.ts';

export interface DaemonKubectl {
  /** Undefined where this machine lacks the version. */
  of(version: KubectlVersion): Kubectl | undefined;
  close(): Promise<void>;
}

export async function daemonKubectl({ dataDir }: Sampan): Promise<DaemonKubectl> {
  const server = createServer((client) => {
    const daemon = connect(`${dataDir}/sampan.sock`);
    client.pipe(daemon).pipe(client);
    client.on('error', () => daemon.destroy());
    daemon.on('error', () => client.destroy());
  });
  await listening(server);
  const { port } = server.address() as AddressInfo;
  const made: Kubectl[] = [];
  return {
    of(version) {
      const path = findKubectl(version);
      if (path === undefined) return undefined;
      const kubectl = new Kubectl(path, `http://127.0.0.1:${port}`);
      made.push(kubectl);
      return kubectl;
    },
    async close() {
      for (const kubectl of made) kubectl.remove();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function listening(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
}
