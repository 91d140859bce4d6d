/** What the benchmarks declare: a ReplicationController of the HTTP server and a Service before it, and the ways to declare it. */
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../../test/e2e/harness/run.ts';
import type { Target } from './requests.ts';

export interface Web {
  readonly name: string;
  readonly replicas: number;
  readonly clusterIP: string;
  /** Written into each container's environment: another value is another template. */
  readonly version?: string;
}

const SERVER_PORT = 8080;
const SERVICE_PORT = 80;

export function manifestsOf({ name, replicas, clusterIP, version = '1' }: Web): string {
  return `apiVersion: v1
kind: ReplicationController
metadata: { name: ${name}, labels: { name: ${name} } }
spec:
  replicas: ${replicas}
  selector: { name: ${name} }
  template:
    metadata: { labels: { name: ${name} } }
    spec:
      containers:
        - name: app
          image: sampan/bench-http:1
          env: [{ name: VERSION, value: "${version}" }]
          ports: [{ containerPort: ${SERVER_PORT} }]
---
apiVersion: v1
kind: Service
metadata: { name: ${name}, labels: { name: ${name} } }
spec:
  clusterIP: ${clusterIP}
  selector: { name: ${name} }
  ports: [{ port: ${SERVICE_PORT}, targetPort: ${SERVER_PORT} }]
`;
}

export function serviceOf({ clusterIP }: Web): Target {
  return { ip: clusterIP, port: SERVICE_PORT };
}

/** A place that the daemon watches. */
export interface Place {
  /** For `sampan run`. */
  readonly location: string;
  /** Resolves to the moment (performance.now) just before the declaration was there. */
  declare(web: Web): Promise<number>;
  withdraw(web: Web): Promise<void>;
}

/** A folder; a file appears in it by a rename. */
export async function folderIn(dir: string): Promise<Place> {
  const location = join(dir, 'manifests');
  await mkdir(location);
  const fileOf = ({ name }: Web) => join(location, `${name}.yaml`);
  return {
    location,
    async declare(web) {
      const prepared = join(dir, 'prepared.yaml');
      await writeFile(prepared, manifestsOf(web));
      const at = performance.now();
      await rename(prepared, fileOf(web));
      return at;
    },
    withdraw: (web) => rm(fileOf(web)),
  };
}

/** A local git repo; what takes long of a commit is prepared, and the branch then moved to it. */
export async function repoIn(dir: string): Promise<Place> {
  const repo = join(dir, 'repo');
  const git = (...args: string[]) =>
    run('git', ['-C', repo, '-c', 'user.name=bench', '-c', 'user.email=bench@example.com', ...args]);
  const commit = async (message: string): Promise<number> => {
    await git('add', '--all');
    const tree = await git('write-tree');
    const made = await git('commit-tree', '-p', 'main', '-m', message, tree.trim());
    const at = performance.now();
    await git('update-ref', 'refs/heads/main', made.trim());
    return at;
  };
  await run('git', ['init', '--quiet', '--initial-branch=main', repo]);
  await git('commit', '--quiet', '--allow-empty', '-m', 'begin');
  return {
    location: `file://${repo}`,
    async declare(web) {
      await writeFile(join(repo, `${web.name}.yaml`), manifestsOf(web));
      return commit(`declare ${web.name}`);
    },
    async withdraw(web) {
      await rm(join(repo, `${web.name}.yaml`));
      await commit(`withdraw ${web.name}`);
    },
  };
}
