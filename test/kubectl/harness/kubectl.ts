/**
 * Finds the kubectl of a version and runs it as a person would, with a home and a kubeconfig of its own. The versions lie beside the
 * file that `kubectl` on PATH links to, or that $KUBECTL names: `kubectl.1.27`. Never touches the caller's own ~/.kube.
 */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { attempt, type RunOptions, type RunResult, run } from '../../e2e/harness/run.ts';

/** Those whose ways differ on the wire: 1.27 and 1.28 read OpenAPI v2, 1.30 asks for discovery v2, 1.32 writes protobuf. */
export const KUBECTL_VERSIONS = ['1.27', '1.28', '1.30', '1.32', '1.33'] as const;
export type KubectlVersion = (typeof KUBECTL_VERSIONS)[number];

/** Undefined where this machine has none of this version. */
export function findKubectl(version: KubectlVersion): string | undefined {
  const given =
    process.env.KUBECTL ??
    (process.env.PATH ?? '')
      .split(':')
      .map((dir) => join(dir, 'kubectl'))
      .find(existsSync);
  if (given === undefined || !existsSync(given)) return undefined;
  const path = join(dirname(realpathSync(given)), `kubectl.${version}`);
  return existsSync(path) ? path : undefined;
}

export interface StartedKubectl {
  readonly process: ChildProcessWithoutNullStreams;
  readonly stdout: string;
  readonly stderr: string;
}

/** How long a kubectl that goes on may keep silent while something is expected of it. */
const PATIENCE_MS = 20_000;

/** Resolves with what `started` has said, once that holds `text`; fails where it ends before, or keeps silent. */
export async function said(started: StartedKubectl, where: 'stdout' | 'stderr', text: RegExp): Promise<string> {
  const { process } = started;
  while (!text.test(started[where])) {
    const patience = AbortSignal.timeout(PATIENCE_MS);
    const change = Promise.race([once(process[where], 'data', { signal: patience }), once(process, 'close')]);
    const isSilent = await change.then(
      () => process.exitCode !== null,
      () => true,
    );
    if (!isSilent || text.test(started[where])) continue;
    const { stdout, stderr } = started;
    throw new Error(`${text} is not in ${JSON.stringify({ stdout, stderr })}`);
  }
  return started[where];
}

export class Kubectl {
  readonly #path: string;
  readonly #kubeconfig: string;
  readonly #home = mkdtempSync(join(tmpdir(), 'sampan-kubectl-'));

  /** `kubeconfig`: its text. */
  constructor(path: string, kubeconfig: string) {
    this.#path = path;
    this.#kubeconfig = kubeconfig;
    this.forgetCaches();
  }

  /** What it prints on standard output; throws with its error output where it fails. */
  run(args: readonly string[], options: RunOptions = {}): Promise<string> {
    return run(this.#path, args, { ...options, env: { ...this.#environment(), ...options.env } });
  }

  /** The same, whatever its exit code. */
  attempt(args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
    return attempt(this.#path, args, { ...options, env: { ...this.#environment(), ...options.env } });
  }

  /** One that goes on beside the test, which ends it; its output is collected. */
  start(args: readonly string[]): StartedKubectl {
    const child = spawn(this.#path, args, { env: this.#environment() });
    const started = { process: child, stdout: '', stderr: '' };
    child.stdout.on('data', (data) => (started.stdout += data));
    child.stderr.on('data', (data) => (started.stderr += data));
    return started;
  }

  /** A file of this name with this text, in its home; answers the path. */
  writeFile(name: string, text: string): string {
    const path = join(this.#home, name);
    writeFileSync(path, text);
    return path;
  }

  /** What was read of discovery and OpenAPI is asked for again. */
  forgetCaches(): void {
    rmSync(join(this.#home, '.kube'), { recursive: true, force: true });
    this.writeFile('kubeconfig', this.#kubeconfig);
  }

  remove(): void {
    rmSync(this.#home, { recursive: true });
  }

  /** Nothing of the caller's, a proxy for instance. */
  #environment(): NodeJS.ProcessEnv {
    return { HOME: this.#home, KUBECONFIG: join(this.#home, 'kubeconfig'), PATH: process.env.PATH };
  }
}
