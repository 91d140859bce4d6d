/**
 * The node's own hosts file and resolver, read from its files each time: both change while the daemon runs. The kubelet asks through the
 * port when a pod starts.
 */
import { readFile } from 'node:fs/promises';
import type { NodeNames, NodeNamesSource } from '../../reconcilers/ports/node-names.ts';

/** systemd-resolved listens there and writes what it asks itself beside, as Docker knows too. */
const LOOPBACK_STUB = '127.0.0.53';

export interface NodeNameFiles {
  readonly hosts: string;
  readonly resolvConf: string;
  readonly behindStub: string;
}

const FILES: NodeNameFiles = {
  hosts: '/etc/hosts',
  resolvConf: '/etc/resolv.conf',
  behindStub: '/run/systemd/resolve/resolv.conf',
};

export class NodeNameFilesSource implements NodeNamesSource {
  readonly #files: NodeNameFiles;

  constructor(files: Partial<NodeNameFiles> = {}) {
    this.#files = { ...FILES, ...files };
  }

  async read(): Promise<NodeNames> {
    const [hosts, resolvConf] = await Promise.all([textOf(this.#files.hosts), textOf(this.#files.resolvConf)]);
    const servers = [...resolvConf.matchAll(/^\s*nameserver\s+(\S+)/gm)].map(([, server]) => server);
    if (servers.length !== 1 || servers[0] !== LOOPBACK_STUB) return { hosts, resolvConf };
    return { hosts, resolvConf: (await textOf(this.#files.behindStub)) || resolvConf };
  }
}

async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch {
    return '';
  }
}
