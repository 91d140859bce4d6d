/**
 * Which credentials are for which image: host for host, port for port, the longer path first. Pure.
 * Source: pkg/credentialprovider/keyring.go.
 */
import type { RegistryCredentials } from '../../ports/container-runtime.ts';
import type { RegistryLogin } from './docker-config.ts';

/** Under this name `docker login` without a host keeps what it is told. */
const DOCKER_HUB = 'index.docker.io';

/** To be tried in this order. `repository`: in full, `docker.io/library/nginx`. */
export function credentialsFor(logins: readonly RegistryLogin[], repository: string): RegistryCredentials[] {
  const byKey = Map.groupBy(logins, ({ registry }) => keyOf(registry));
  const of = (key: string) => (byKey.get(key) ?? []).map(({ credentials }) => credentials);
  const keys = [...byKey.keys()].sort().reverse();
  const found = keys.filter((key) => covers(key, repository)).flatMap(of);
  return found.length === 0 && repository.startsWith('docker.io/') ? of(DOCKER_HUB) : found;
}

/** Without scheme; `/v1/` and `/v2/` are the registry's API, not a part of it. */
function keyOf(registry: string): string {
  const [, host = '', path = ''] = /^(?:https?:\/\/)?([^/?#]*)([^?#]*)/.exec(registry) ?? [];
  const effective = path.replace(/^\/v[12]\//, '/');
  return effective === '/' ? host : host + effective;
}

function covers(key: string, repository: string): boolean {
  const [own, other] = [split(key), split(repository)];
  return (
    own.port === other.port &&
    own.labels.length === other.labels.length &&
    other.path.startsWith(own.path) &&
    own.labels.every((label, i) => globMatches(label, other.labels[i] ?? ''))
  );
}

function split(url: string): { labels: string[]; port: string; path: string } {
  const [, host = '', port = '', path = ''] = /^([^/]*?)(?::(\d+))?(\/.*)?$/s.exec(url) ?? [];
  return { labels: host.replace(/^\[(.*:.*)\]$/, '$1').split('.'), port, path };
}

/** As Go's filepath.Match has it: `*`, `[a-z]`; a `?` would begin the URL's query. A pattern that is none matches nothing. */
function globMatches(pattern: string, text: string): boolean {
  const source = pattern.replace(/\\.|\[\^?[^\]]+\]|[\s\S]/g, (part) => {
    if (part === '*') return '.*';
    if (part.length > 1 && part.startsWith('[')) return part;
    return part.replace(/^\\(?=.)/, '').replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
  });
  try {
    return new RegExp(`^${source}$`, 's').test(text);
  } catch {
    return false;
  }
}
