/**
 * The servers that the host itself asks, from a file like /etc/resolv.conf, read again when it has changed: looked at on the occasion of a
 * question, once a second at most, as the C library does it. Where it cannot be read, what it said last counts.
 */
import { readFileSync, statSync } from 'node:fs';
import { isIP } from 'node:net';
import type { Clock } from '../../../reconcilers/ports/clock.ts';
import { messageOf } from '../../../reconcilers/ports/errors.ts';
import type { Log } from '../../../reconcilers/ports/log.ts';
import type { Server } from './exchange.ts';

const LOOK_EVERY_MS = 1_000;
const DNS_PORT = 53;

export class ResolvConf {
  readonly #path: string;
  readonly #deps: { readonly clock: Clock; readonly log: Log };
  #lookedAt = Number.NEGATIVE_INFINITY;
  #version = '';
  #servers: readonly Server[] = [];
  #isMissing = false;

  constructor(path: string, deps: { readonly clock: Clock; readonly log: Log }) {
    this.#path = path;
    this.#deps = deps;
  }

  /** The same list as long as the file says the same. */
  servers(): readonly Server[] {
    const now = this.#deps.clock.now();
    if (Math.abs(now - this.#lookedAt) >= LOOK_EVERY_MS) {
      this.#lookedAt = now;
      this.#look();
    }
    return this.#servers;
  }

  #look(): void {
    try {
      const { ino, mtimeMs, size } = statSync(this.#path);
      const version = `${ino} ${mtimeMs} ${size}`;
      this.#isMissing = false;
      if (version === this.#version) return;
      this.#servers = parseResolvConf(readFileSync(this.#path, 'utf8'));
      this.#version = version;
      this.#deps.log.debug('names outside of the cluster are asked for', { of: this.#servers.map((s) => s.address) });
    } catch (error) {
      if (!this.#isMissing) this.#deps.log.error('the list of DNS servers cannot be read', { error: messageOf(error) });
      this.#isMissing = true;
    }
  }
}

/** resolv.conf(5). More than the C library's three are no harm here. */
export function parseResolvConf(text: string): Server[] {
  const addresses = text.split('\n').flatMap((line) => {
    const [keyword, address = ''] = line.trim().split(/\s+/);
    // `fe80::1%eth0` has its interface with it.
    return keyword === 'nameserver' && isIP(address.split('%')[0] ?? '') !== 0 ? [address] : [];
  });
  return [...new Set(addresses)].map((address) => ({ address, port: DNS_PORT }));
}
