/**
 * The node's own hosts file and resolver, read from its files each time: both change while the daemon runs. The kubelet asks through the
 * port when a pod starts.
 */
import { readFile } from 'node:fs/promises';
import type { NodeNames, NodeNamesSource } from '../../reconcilers/ports/node-names.ts';

/** What Docker reads for its containers. */
const DOCKERS_RESOLV_CONF = '/etc/resolv.conf';
/** systemd-resolved listens there and writes what it asks itself beside, as Docker knows too. */
const LOOPBACK_STUB = '127.0.0.53';

export interface NodeNameFiles {
  readonly resolvConf: string;
  readonly hosts?: string;
  readonly behindStub?: string;
}

export class NodeNameFilesSource implements NodeNamesSource {
  readonly #files: Required<NodeNameFiles>;

  constructor(files: NodeNameFiles) {
    this.#files = { hosts: '/etc/hosts', behindStub: '/run/systemd/resolve/resolv.conf', ...files };
  }

  async read(): Promise<NodeNames> {
    const { resolvConf: path } = this.#files;
    const [hosts, own] = await Promise.all([textOf(this.#files.hosts), textOf(path)]);
    const servers = [...own.matchAll(/^\s*nameserver\s+(\S+)/gm)].map(([, server]) => server);
    const isStub = servers.length === 1 && servers[0] === LOOPBACK_STUB;
    const resolvConf = (isStub && (await textOf(this.#files.behindStub))) || own;
    return { hosts, resolvConf, isDockers: path === DOCKERS_RESOLV_CONF };
  }
}

async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch {
    return '';
  }
}
