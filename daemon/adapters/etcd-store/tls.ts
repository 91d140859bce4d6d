/**
 * TLS towards etcd. grpc-js announces the endpoint's host as the TLS server name, which Node 26 refuses for an IP address
 * (RFC 6066, section 3), and etcd3 leaves no way in between; so this reaches into etcd3's hosts. EtcdClient calls it once.
 */
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { checkServerIdentity } from 'node:tls';
import { type ChannelCredentials, type ChannelOptions, credentials } from '@grpc/grpc-js';
import type { Etcd3 } from 'etcd3';

/** Paths of PEM files. Without `ca`, the authorities that Node trusts. */
export interface EtcdTls {
  readonly ca?: string;
  /** What etcd is shown, where it asks for a certificate: both or none. */
  readonly cert?: string;
  readonly key?: string;
}

/** What is announced in place of an address. etcd serves one certificate, whatever name is asked for. */
const ANNOUNCED_NAME = 'etcd';

/** What etcd3 1.1.2 keeps of an endpoint (lib/connection-pool.js). */
interface EtcdHost {
  /** `127.0.0.1:2379`. */
  readonly host: string;
  channelCredentials: ChannelCredentials;
  channelOptions: ChannelOptions;
}

/** Makes `etcd`, not yet used, speak TLS; each endpoint's certificate must be valid for that endpoint's own name or address. */
export function useTls(etcd: Etcd3, { ca, cert, key }: EtcdTls): void {
  const [root, privateKey, chain] = [ca, key, cert].map((path) => (path === undefined ? null : readFileSync(path)));
  const { hosts } = (etcd as unknown as { pool: { hosts: EtcdHost[] } }).pool;
  for (const host of hosts) {
    const name = new URL(`https://${host.host}`).hostname.replace(/^\[(.*)\]$/, '$1');
    host.channelCredentials = credentials.createSsl(root, privateKey, chain, {
      checkServerIdentity: (_announced, certificate) => checkServerIdentity(name, certificate),
    });
    if (isIP(name)) {
      host.channelOptions = { ...host.channelOptions, 'grpc.ssl_target_name_override': ANNOUNCED_NAME };
    }
  }
}
