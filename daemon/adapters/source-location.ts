/**
 * Reads the SOURCE arguments of `sampan run`: a folder, or a git repo as `URL[#REF][:PATH]`. Decides which of both it is, takes
 * credentials out of the URL, and names the source. Assembling calls it; it only looks at local paths, and opens no connection.
 */
import { createHash } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { basename, join, posix, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SampanError } from '../../reconcilers/ports/errors.ts';

export interface FolderLocation {
  readonly type: 'folder';
  readonly name: string;
  /** Absolute. */
  readonly path: string;
}

export interface GitLocation {
  readonly type: 'git';
  readonly name: string;
  /** Without credentials; an absolute path where `local`. */
  readonly url: string;
  /** On this machine: read where it is, and watched. */
  readonly local: boolean;
  /** A branch, tag or commit; absent: the repo's HEAD. */
  readonly ref?: string;
  /** The folder within the repo, '' for all of it. */
  readonly path: string;
  readonly credentials?: GitCredentials;
  /** For people: as given, without credentials. */
  readonly display: string;
}

export interface GitCredentials {
  readonly username: string;
  readonly password: string;
}

export type SourceLocation = FolderLocation | GitLocation;

interface Repository {
  readonly url: string;
  readonly local: boolean;
  readonly credentials?: GitCredentials;
}

/** `text` relative to the folder `from`. Usage where it is neither a folder nor a git URL. */
export function parseSourceLocation(text: string, from: string): SourceLocation {
  if (text === '') throw refuse(text, 'is empty');
  if (/^\w+::/.test(text)) throw refuse(text, "git's remote helpers are not supported");
  const folder = text.startsWith('folder:') ? text.slice('folder:'.length) : text;
  if (folder !== text || isPlainFolder(resolve(from, text))) return folderLocation(resolve(from, folder));

  const whole = resolve(from, text);
  if (isRepository(whole)) return gitLocation(text, { url: whole, local: true }, undefined, '');
  const hash = text.indexOf('#');
  const base = hash < 0 ? text : text.slice(0, hash);
  const [url, basePath] = splitPath(base, from);
  const [ref, path] = hash < 0 ? [undefined, basePath] : splitOnce(text.slice(hash + 1), ':');
  if (hash >= 0 && basePath !== '') throw refuse(text, 'the path goes behind the reference: URL#REF:PATH');
  if (ref === '') throw refuse(text, 'names no reference behind "#"');

  const repository = parseRepository(text, url, from);
  if (repository !== undefined) return gitLocation(text, repository, ref, path);
  const local = resolve(from, url);
  if (isRepository(local)) return gitLocation(text, { url: local, local: true }, ref, path);
  // A folder, or a repo, that is not there (yet): a reference or path can only belong to a repo.
  if (ref !== undefined || path !== '') return gitLocation(text, { url: local, local: true }, ref, path);
  return folderLocation(local);
}

/** A scheme or `host:path`; undefined for a path of this machine. */
function parseRepository(text: string, url: string, from: string): Repository | undefined {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(url)?.[1]?.toLowerCase();
  if (scheme === undefined) return scpHost(url, from) === undefined ? undefined : { url, local: false };
  if (scheme === 'file') return { url: filePath(text, url), local: true };
  if (!['https', 'http', 'ssh', 'git'].includes(scheme)) {
    throw refuse(text, `the scheme ${scheme}:// is not supported; use https, http, ssh, git or file`);
  }
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    throw refuse(text, 'is not a URL');
  }
  if (parsed.search !== '')
    throw refuse(text, 'a query in the URL is not supported; write a token as https://TOKEN@HOST/...');
  const username = decode(text, parsed.username);
  const password = decode(text, parsed.password);
  if (scheme === 'ssh' || scheme === 'git') {
    if (password !== '') throw refuse(text, `a password in a ${scheme}:// URL cannot be used; use a key`);
    return { url, local: false };
  }
  if (username === '' && password === '') return { url, local: false };
  parsed.username = '';
  parsed.password = '';
  return { url: parsed.href, local: false, credentials: { username, password } };
}

function gitLocation(text: string, repository: Repository, ref: string | undefined, path: string): GitLocation {
  const clean = posix.normalize(`/${path}`).slice(1).replace(/\/$/, '');
  if (path.split('/').includes('..')) throw refuse(text, `the path ${path} leads out of the repo`);
  if (ref !== undefined && !isReference(ref)) throw refuse(text, `"${ref}" is no branch, tag or commit`);
  const display = `${repository.url}${ref === undefined ? '' : `#${ref}`}${clean === '' ? '' : `:${clean}`}`;
  // Not of the reference: another branch of the same repo is the same source, moved.
  const name = sourceName(clean === '' ? repository.url : clean, `${repository.url}\0${clean}`);
  return { type: 'git', name, ...repository, ...(ref !== undefined && { ref }), path: clean, display };
}

function folderLocation(path: string): FolderLocation {
  return { type: 'folder', name: sourceName(path, path), path };
}

/** Readable, and different for the same basename in two places: `manifests-3f2a91c0`. */
function sourceName(readable: string, identity: string): string {
  const stem = basename(readable.replace(/\/+$/, ''), '.git')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 40)
    .replace(/-+$/, '');
  const digest = createHash('sha256').update(identity).digest('hex').slice(0, 8);
  return `${stem === '' ? 'source' : stem}-${digest}`;
}

/** The URL, and the path behind the colon that is neither the scheme's, the port's, an IPv6 address's nor scp's. */
function splitPath(base: string, from: string): [url: string, path: string] {
  const authority = /^[a-z][a-z0-9+.-]*:\/\/[^/]*/i.exec(base)?.[0] ?? scpHost(base, from) ?? '';
  const [rest, path] = splitOnce(base.slice(authority.length), ':');
  return [authority + rest, path];
}

/** `git@host:` of `git@host:org/repo`, as git tells it from a path: a colon before the first slash. */
function scpHost(text: string, from: string): string | undefined {
  const host = /^(?:[^/:@[\]]+@)?(?:\[[^\]/]+\]|[^/:[\]]+):/.exec(text)?.[0];
  // `repo:deploy` where ./repo is there is a local repo and a path in it.
  return host === undefined || isRepository(resolve(from, host.slice(0, -1))) ? undefined : host;
}

function filePath(text: string, url: string): string {
  try {
    return fileURLToPath(url);
  } catch (error) {
    throw new SampanError('Usage', { detail: `source ${redact(text)}: is not a file URL of this machine` }, error);
  }
}

function isPlainFolder(path: string): boolean {
  return existsSync(path) && statSync(path).isDirectory() && !isRepository(path);
}

/** A working copy's top folder, a worktree, or a bare repo. */
export function isRepository(path: string): boolean {
  return (
    existsSync(join(path, '.git')) || ['HEAD', 'objects', 'refs'].every((member) => existsSync(join(path, member)))
  );
}

/** git check-ref-format, as far as it keeps a reference from being taken for something else. */
function isReference(ref: string): boolean {
  return !/^[-/]|\.\.|@\{|\/\/|[\s~^:?*[\\]|[/.]$/.test(ref) && ref !== '@';
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}

function decode(text: string, part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw refuse(text, 'its user or password is not percent-encoded');
  }
}

/** A URL's credentials and query replaced, for messages. */
export function redact(text: string): string {
  return text.replace(/:\/\/[^/\s@]*@/g, '://***@').replace(/\?[^\s#'"]*/g, '?***');
}

function refuse(text: string, why: string): SampanError {
  return new SampanError('Usage', { detail: `source ${redact(text)}: ${why}` });
}
