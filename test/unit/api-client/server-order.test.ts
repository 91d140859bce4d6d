/** Nodes are spread over masters, and stay so when one of them is gone. */
import assert from 'node:assert/strict';
import { serversInOrder } from '../../../daemon/adapters/api-client/server-order.ts';

const SERVERS = ['https://10.0.0.1:6443', 'https://10.0.0.2:6443', 'https://10.0.0.3:6443'];
const NODES = Array.from({ length: 300 }, (_, number) => `node-${number}`);

describe('the order of masters', () => {
  it('is the same for a node each time, however they are listed', () => {
    const order = serversInOrder(SERVERS, 'node-1');
    assert.deepEqual(serversInOrder(SERVERS.toReversed(), 'node-1'), order);
    assert.deepEqual(order.toSorted(), SERVERS);
  });

  it('gives every master its share of the nodes, first and next', () => {
    const orders = NODES.map((node) => serversInOrder(SERVERS, node));
    for (const server of SERVERS) {
      const first = orders.filter(([asked]) => asked === server);
      assert.ok(first.length > 70 && first.length < 130, `${server} is first of ${first.length}`);
      for (const other of SERVERS.filter((each) => each !== server)) {
        const next = first.filter(([, asked]) => asked === other).length;
        assert.ok(next > 25, `${other} takes ${next} of the ${first.length} of ${server}`);
      }
    }
  });
});
