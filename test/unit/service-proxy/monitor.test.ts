/** What is understood of `nft monitor`: the lines are as nft 1.0.6 prints them. */
import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { transactionsOf } from '../../../daemon/adapters/kernel-network/nftables/monitor.ts';

const understood = (...lines: string[]) => Array.fromAsync(transactionsOf(Readable.from(lines)));

describe('nft monitor', () => {
  it('recognises a transaction of ours by its token', async () => {
    const transactions = await understood(
      'delete element ip sampan cluster-slot-1 { 10.96.0.77 . tcp . 80 : 10.244.0.155 . 8000 }',
      'delete element ip sampan revision { 0x00000010 }',
      'add element ip sampan revision { 0x00000011 }',
      '# new generation 124 by process 31774 (nft)',
    );
    assert.deepEqual(transactions, [{ ownTable: true, dockerChain: false, token: 17 }]);
  });

  it('sees others on our table, and that theirs is another transaction', async () => {
    const transactions = await understood(
      'add element ip sampan revision { 0x00000011 }',
      '# new generation 124 by process 31774 (nft)',
      'delete chain ip sampan services',
      'delete table ip sampan',
      '# new generation 125 by process 31775 (nft)',
    );
    assert.deepEqual(transactions[1], { ownTable: true, dockerChain: false });
  });

  it("sees changes of Docker's chain for users, and of its whole table", async () => {
    for (const line of [
      'delete rule ip filter DOCKER-USER handle 5',
      'create chain ip filter DOCKER-USER',
      'delete table ip filter',
    ]) {
      assert.deepEqual(await understood(line, '# new generation 7 by process 1 (iptables)'), [
        { ownTable: false, dockerChain: true },
      ]);
    }
  });

  it('is not concerned by other tables, also with a like name', async () => {
    const lines = [
      'add rule ip filter DOCKER iifname != "docker0" accept',
      'add table ip sampan2',
      'add element ip sampan2 revision { 0x00000011 }',
      'delete table ip6 sampan',
    ];
    assert.deepEqual(await understood(...lines, '# new generation 8 by process 1 (nft)'), [
      { ownTable: false, dockerChain: false },
    ]);
  });
});
