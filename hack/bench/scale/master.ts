/**
 * The master under measure: `sampan run` as a process of its own, whose Docker never answers, so that it is no node itself. Its store is a
 * file, or an etcd. With SCALE_PROFILE set to a folder, it leaves its CPU profile there.
 */
import { join } from 'node:path';
import type { ApiServers } from '../../../daemon/adapters/api-client/api-servers.ts';
import { startProcess } from '../../../test/e2e/harness/background-process.ts';
import { startEtcd } from '../../../test/e2e/harness/etcd.ts';
import { eventually } from '../../../test/e2e/harness/eventually.ts';
import { createScope } from '../../../test/e2e/harness/scope.ts';
import { serversIn } from '../../hollow/kubeconfig-access.ts';
import { cpuSeconds, residentMegabytes } from '../process-cost.ts';

const PORT = 17_443;
const FLAGS = ['--disable-warning=ExperimentalWarning', '--max-semi-space-size=4'];
/** A node takes a /24 of the first; each feed is a stream. */
const ROOM = ['--cluster-cidr', '10.128.0.0/10', '--max-streams', '20000'];

export type StoreName = 'SQLite' | 'etcd';

export interface Master {
  readonly kubeconfig: string;
  readonly api: ApiServers;
  /** So far, its store's among it. */
  readonly cpuSeconds: number;
  readonly residentMegabytes: number;
  stop(): Promise<void>;
}

export async function startMaster(storeName: StoreName): Promise<Master> {
  const scope = createScope();
  const [data, manifests] = [await scope.createDir('data'), await scope.createDir('manifests')];
  const etcd = storeName === 'etcd' ? await startEtcd(scope, 'etcd') : undefined;
  const { SCALE_PROFILE: profile } = process.env;
  const main = join(import.meta.dirname, '../../../daemon/main.ts');
  const sampan = await startProcess(
    process.execPath,
    [
      ...FLAGS,
      ...(profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`]),
      ...[main, 'run', manifests, '--data-dir', data, '--secure-port', String(PORT), ...ROOM],
      ...['--docker-host', `unix://${data}/none.sock`, '--proxy-mode', 'none', '--log-level', 'error'],
      ...(etcd === undefined ? [] : ['--etcd-servers', etcd.endpoint]),
    ],
    join(data, 'sampan.log'),
  );
  const kubeconfig = join(data, 'kubeconfig');
  const api = await eventually(
    async () => {
      const servers = serversIn(kubeconfig);
      await servers.open({ path: '/readyz' });
      return servers;
    },
    { describe: 'the master to serve', timeoutMs: 60_000 },
  );
  return {
    kubeconfig,
    api,
    get cpuSeconds() {
      return cpuSeconds([sampan.pid, ...(etcd === undefined ? [] : [etcd.process.pid])]);
    },
    get residentMegabytes() {
      return residentMegabytes(sampan.pid);
    },
    async stop() {
      api.close();
      await sampan.stop('SIGTERM', 60_000);
      await etcd?.stop();
      if (process.env.SCALE_LOG !== undefined) process.stderr.write(sampan.readLog());
      await scope.remove();
    },
  };
}
