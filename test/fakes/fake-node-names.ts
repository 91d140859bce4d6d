/** A node that asks one server for names, and knows itself. */
import type { NodeNames, NodeNamesSource } from '../../reconcilers/ports/node-names.ts';

export class FakeNodeNames implements NodeNamesSource {
  names: NodeNames = {
    hosts: '127.0.0.1\tlocalhost\n127.0.1.1\tnode\n',
    resolvConf: 'search example.com\nnameserver 192.0.2.53\n',
    isDockers: true,
  };

  async read(): Promise<NodeNames> {
    return this.names;
  }
}
