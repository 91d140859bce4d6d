/** What the benchmarks declare, the HTTP server of the end-to-end tests, and the ways to declare it. */
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../../test/e2e/harness/run.ts';
import { type Web as DeclaredWeb, webManifest } from '../../test/e2e/harness/web.ts';

/** With an address of its own choice, so that requests can be sent before it is there. */
export type Web = DeclaredWeb & { readonly clusterIP: string };

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
      await writeFile(prepared, webManifest(web));
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
      await writeFile(join(repo, `${web.name}.yaml`), webManifest(web));
      return commit(`declare ${web.name}`);
    },
    async withdraw(web) {
      await rm(join(repo, `${web.name}.yaml`));
      await commit(`withdraw ${web.name}`);
    },
  };
}
