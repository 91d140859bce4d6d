/**
 * Runs git through simple-git, always the same way: no prompts, no hooks, no pager, no lazy fetches, credentials only in the
 * environment, a time limit. The git source's other files run all their commands here; what git complains about comes out
 * without secrets.
 */
import { simpleGit } from 'simple-git';
import { isAbort } from '../../../reconcilers/ports/errors.ts';

/** Git's own variables that a person may set for the daemon; any other (GIT_DIR of a hook, ...) would lead git astray. */
const PASSED_ON = /^GIT_(SSH|SSH_COMMAND|SSH_VARIANT|SSL_.*|CONFIG_GLOBAL|CONFIG_SYSTEM|CONFIG_NOSYSTEM)$/;
const NEVER_PASSED_ON = /^(GIT_.*|SSH_ASKPASS|EDITOR|VISUAL|PAGER|PREFIX)$/i;
const SILENT_MS = 60_000;

export interface GitCredentials {
  readonly username: string;
  readonly password: string;
}

export interface GitOptions {
  /** Where git runs. */
  readonly directory: string;
  /** The daemon's environment. */
  readonly environment: NodeJS.ProcessEnv;
  /** Sent to `url`'s host only. */
  readonly credentials?: { readonly url: string } & GitCredentials;
}

/** What git said when it failed, on one line, without secrets. */
export class GitFailed extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'GitFailed';
  }
}

export class Git {
  readonly directory: string;
  readonly #environment: NodeJS.ProcessEnv;
  readonly #secrets: readonly string[];

  constructor(options: GitOptions) {
    this.directory = options.directory;
    this.#environment = gitEnvironment(options);
    this.#secrets = secretsOf(options.credentials);
  }

  /** Git's standard output. */
  text(args: readonly string[], signal: AbortSignal): Promise<string> {
    return this.#run(signal, undefined, (git) => git.raw([...args]));
  }

  /** `git cat-file` with `args`, its standard input and output. */
  catFile(args: readonly string[], input: string, signal: AbortSignal): Promise<Buffer> {
    return this.#run(signal, input, (git) => git.binaryCatFile([...args]) as Promise<Buffer>);
  }

  async #run<T>(
    signal: AbortSignal,
    input: string | undefined,
    command: (git: ReturnType<typeof simpleGit>) => Promise<T>,
  ): Promise<T> {
    signal.throwIfAborted();
    try {
      const git = simpleGit({
        baseDir: this.directory,
        abort: signal,
        timeout: { block: SILENT_MS },
        completion: { onClose: true, onExit: false },
        allowEnvironment: Object.keys(this.#environment).filter((name) => NEVER_PASSED_ON.test(name)),
        unsafe: {
          allowUnsafeAskPass: true,
          allowUnsafeConfigEnvCount: true,
          allowUnsafeConfigPaths: true,
          allowUnsafeSshCommand: true,
          allowUnsafeHooksPath: true,
          allowUnsafeFsMonitor: true,
          allowUnsafeTemplateDir: true,
        },
        errors: (error, { exitCode, stdErr, stdOut }) => {
          if (exitCode === 0) return error;
          const said = Buffer.concat(stdErr.length > 0 ? stdErr : stdOut);
          return said.length > 0 ? said : (error ?? new Error(`git ended with ${exitCode}`));
        },
        ...(input !== undefined && { input: () => input }),
      });
      return await command(git.env(this.#environment));
    } catch (error) {
      if (signal.aborted || isAbort(error)) signal.throwIfAborted();
      const said = error instanceof Error ? error.message : String(error);
      // The error itself holds what git was given and said: only what is safe to show goes on.
      throw new GitFailed(withoutSecrets(firstComplaint(said), this.#secrets));
    }
  }
}

/** The daemon's environment as git may see it; configuration for git as GIT_CONFIG_* so that no secret is in `ps`. */
function gitEnvironment({ environment, credentials }: GitOptions): NodeJS.ProcessEnv {
  const passed = Object.entries(environment).filter(([name]) => PASSED_ON.test(name) || !NEVER_PASSED_ON.test(name));
  const config: [key: string, value: string][] = [
    // Repos of other users are only read, and hooks and file monitors, for which git is wary of them, are off.
    ['safe.directory', '*'],
    ['core.hooksPath', '/dev/null'],
    ['core.fsmonitor', 'false'],
    ['fetch.recurseSubmodules', 'false'],
    ['gc.autoDetach', 'false'],
    ['gc.pruneExpire', 'now'],
  ];
  if (credentials !== undefined) {
    const basic = Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64');
    config.push([`http.${new URL('/', credentials.url).href}.extraHeader`, `Authorization: Basic ${basic}`]);
  }
  return {
    GIT_SSH_COMMAND: 'ssh -o BatchMode=yes -o ConnectTimeout=20',
    ...Object.fromEntries(passed),
    LC_ALL: 'C',
    GIT_TERMINAL_PROMPT: '0',
    // Answers every question with nothing; without it, git would ask ssh-askpass, which may open a window.
    GIT_ASKPASS: 'true',
    GIT_ALLOW_PROTOCOL: 'https:http:ssh:git:file',
    GIT_NO_LAZY_FETCH: '1',
    GIT_OPTIONAL_LOCKS: '0',
    GIT_CONFIG_COUNT: String(config.length),
    ...Object.fromEntries(
      config.flatMap(([key, value], i) => [
        [`GIT_CONFIG_KEY_${i}`, key],
        [`GIT_CONFIG_VALUE_${i}`, value],
      ]),
    ),
  };
}

/** The line that says why: the first `fatal:`, `error:` or `remote:` line, or the first of all. */
function firstComplaint(said: string): string {
  if (/spawn git ENOENT/.test(said)) return 'git is not installed on this machine';
  const lines = said
    .split(/[\r\n]+/)
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const telling = lines.find((line) => /^(fatal|error): /.test(line)) ?? lines[0] ?? 'git failed without a word';
  const reason = lines.find((line) =>
    /permission denied|host key|could not resolve|connection (refused|timed out)/i.test(line),
  );
  const text = telling.replace(/^(fatal|error): /, '');
  return reason === undefined || reason === telling ? text : `${text} (${reason})`;
}

function secretsOf(credentials: GitCredentials | undefined): string[] {
  if (credentials === undefined) return [];
  const { username, password } = credentials;
  const plain = [password, `${username}:${password}`, ...(password === '' ? [username] : [])];
  return [...plain, ...plain.map(encodeURIComponent), ...plain.map((text) => Buffer.from(text).toString('base64'))]
    .filter((text) => text.length > 2)
    .sort((a, b) => b.length - a.length);
}

function withoutSecrets(text: string, secrets: readonly string[]): string {
  const clean = secrets.reduce((rest, secret) => rest.replaceAll(secret, '***'), text);
  return clean.replace(/:\/\/[^/\s@']*@/g, '://***@');
}
