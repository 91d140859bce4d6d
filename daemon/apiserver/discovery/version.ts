/**
 * `/version`: what `kubectl version` prints of the server. The Kubernetes version is the API's, whose rules this server follows:
 * 1.33, since kubectl warns from two minor versions of distance on and so 1.32, 1.33 and 1.34 do not. Our own version is its build
 * metadata, which no comparison of versions looks at (semver.org, item 10).
 */
import { arch, platform } from 'node:os';
import { assertRead, jsonDocument, pathOf, sendDocument } from '../document.ts';
import type { Exchange } from '../exchange.ts';

const KUBERNETES = { major: '1', minor: '33', patch: '0' };
/** Go's names, which clients know. */
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386' };

export interface VersionInfo {
  readonly major: string;
  readonly minor: string;
  readonly gitVersion: string;
  readonly gitCommit: string;
  readonly gitTreeState: string;
  readonly buildDate: string;
  readonly goVersion: string;
  readonly compiler: string;
  readonly platform: string;
}

/** `version` is sampan's own. What only a compiled Go program has is said as Kubernetes says it of an unknown build. */
export function versionInfo(version: string): VersionInfo {
  const { major, minor, patch } = KUBERNETES;
  return {
    major,
    minor,
    gitVersion: `v${major}.${minor}.${patch}+sampan-${version}`,
    gitCommit: '',
    gitTreeState: '',
    buildDate: '1970-01-01T00:00:00Z',
    goVersion: '',
    compiler: 'node',
    platform: `${platform()}/${ARCHITECTURES[arch()] ?? arch()}`,
  };
}

/** Answers the request where its path is `/version`. */
export function serveVersion(exchange: Exchange, version: string): boolean {
  if (pathOf(exchange.request) !== '/version') return false;
  assertRead(exchange);
  sendDocument(exchange, jsonDocument(versionInfo(version)), 'no-cache, private');
  return true;
}
