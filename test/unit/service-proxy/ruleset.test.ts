/** What is written for nft: that a change carries the difference and nothing else. That nft takes it is for the end-to-end tests. */
import assert from 'node:assert/strict';
import { extendLayout, NO_LAYOUT } from '../../../daemon/adapters/kernel-network/nftables/elements.ts';
import {
  type RulesetState,
  renderChange,
  renderWhole,
} from '../../../daemon/adapters/kernel-network/nftables/ruleset.ts';
import type { RoutingTable, ServiceRoute } from '../../../reconcilers/ports/packet-filter.ts';

const NETWORK = { serviceCidr: '10.96.0.0/16', podCidr: '10.244.0.0/24', clusterCidr: '10.244.0.0/16' };

function route(
  name: string,
  index: number,
  pods: readonly number[],
  changes: Partial<ServiceRoute> = {},
): ServiceRoute {
  const endpoints = pods.map((pod) => ({ ip: `10.244.0.${pod}`, port: 8000 }));
  return { name: `default/${name}`, protocol: 'TCP', clusterIP: `10.96.0.${index}`, port: 80, endpoints, ...changes };
}

function state(token: number, routes: readonly ServiceRoute[], previous?: RulesetState): RulesetState {
  const table: RoutingTable = { ...NETWORK, routes };
  return { table, layout: extendLayout(previous?.layout ?? NO_LAYOUT, table), token };
}

function changeLines(before: readonly ServiceRoute[], after: readonly ServiceRoute[]): string[] {
  const previous = state(1, before);
  const lines = renderChange(previous, state(2, after, previous))
    .trim()
    .split('\n');
  assert.deepEqual(lines.splice(-2), [
    'delete element ip sampan revision { 0x00000001 }',
    'add element ip sampan revision { 0x00000002 }',
  ]);
  return lines;
}

describe('nftables ruleset', () => {
  const others = Array.from({ length: 50 }, (_, index) => route(`other${index}`, 100 + index, [2, 3]));

  it('writes only the slot of the endpoint that was replaced', () => {
    assert.deepEqual(changeLines([...others, route('web', 1, [2, 3])], [...others, route('web', 1, [2, 4])]), [
      'delete element ip sampan address-slot-1 { 10.96.0.1 . tcp . 80 }',
      'add element ip sampan address-slot-1 { 10.96.0.1 . tcp . 80 : 10.244.0.4 . 8000 }',
      'add element ip sampan hairpins { 10.244.0.4 . 10.244.0.4 }',
    ]);
  });

  it('makes a new slot and a new choice only when a route first has so many endpoints', () => {
    const lines = changeLines([route('web', 1, [2])], [route('web', 1, [2, 3])]);
    assert.equal(
      lines.filter((line) => line.startsWith('add map')).length,
      1,
      'no slot for node ports: there are none',
    );
    assert.ok(
      lines.includes(
        'add rule ip sampan address-pick-2 numgen random mod 2 vmap { 0 : goto address-slot-0, 1 : goto address-slot-1 }',
      ),
    );
    assert.ok(!lines.some((line) => line.includes('slot-0 {')), 'the endpoint that stays is not touched');
  });

  it('keeps chains that nothing needs any more', () => {
    const other = route('other', 2, [2]);
    const lines = changeLines([other, route('web', 1, [2, 3])], [other, route('web', 1, [3])]);
    assert.ok(
      lines.every((line) => /^(add|delete) element/.test(line)),
      lines.join('\n'),
    );
  });

  it('does not touch rules for routes that are the same by value', () => {
    assert.deepEqual(changeLines([route('web', 1, [2])], [route('web', 1, [2])]), []);
  });

  it('keeps an endpoint that another route still has', () => {
    const [a, b] = [route('a', 1, [2]), route('b', 2, [2])];
    assert.ok(!changeLines([a, b], [a]).some((line) => line.includes('hairpins')));
  });

  it('refuses a node port without endpoints, and masquerades to endpoints that are not on this node', () => {
    const nodePort = { nodePort: 30080 };
    const whole = renderWhole(state(1, [route('a', 1, [], nodePort)]), { bridgeFiltering: true });
    assert.match(whole, /add element ip sampan node-refusals \{ tcp \. 30080 : goto refuse \}/);
    const remote = route('b', 2, [], { endpoints: [{ ip: '192.0.2.9', port: 6443 }] });
    assert.match(
      renderWhole(state(1, [remote]), { bridgeFiltering: true }),
      /remote-endpoints \{ 192\.0\.2\.9 \. tcp \. 6443 \}/,
    );
  });

  it('masquerades between pods only where bridged packets pass no hooks', () => {
    const rule = /ip saddr 10\.244\.0\.0\/24 ip daddr 10\.244\.0\.0\/24 masquerade/;
    assert.doesNotMatch(renderWhole(state(1, []), { bridgeFiltering: true }), rule);
    assert.match(renderWhole(state(1, []), { bridgeFiltering: false }), rule);
  });

  it('cuts names to what a comment may hold', () => {
    const whole = renderWhole(state(1, [route('x'.repeat(200), 1, [2])]), { bridgeFiltering: true });
    assert.ok((/comment "([^"]*)"/.exec(whole)?.[1]?.length ?? 0) <= 128);
  });

  describe('leads callers by stages', () => {
    const elementsOf = (changes: Partial<ServiceRoute>, pods: readonly number[] = [2, 3]) =>
      changeLines([], [route('web', 1, pods, changes)]).filter((line) => line.startsWith('add element'));
    const local = [{ ip: '10.244.0.2', port: 8000 }];

    it('from outside to the endpoints on this node alone, and others to all, by node port and external address', () => {
      const lines = elementsOf({ nodePort: 30080, external: [{ ip: '192.0.2.9' }], outside: local });
      for (const element of [
        'address-ports { 10.96.0.1 . tcp . 80 comment "default/web" : goto address-pick-2, 192.0.2.9 . tcp . 80 comment "default/web" : goto address-by-source }',
        'address-inside-ports { 192.0.2.9 . tcp . 80 : goto address-pick-2 }',
        'address-outside-ports { 192.0.2.9 . tcp . 80 : goto address-outside-pick-1 }',
        'address-outside-slot-0 { 192.0.2.9 . tcp . 80 : 10.244.0.2 . 8000 }',
        'node-ports { tcp . 30080 comment "default/web" : goto node-by-source }',
        'node-outside-slot-0 { tcp . 30080 : 10.244.0.2 . 8000 }',
      ]) {
        assert.ok(lines.includes(`add element ip sampan ${element}`), `${element}\nis not in\n${lines.join('\n')}`);
      }
      assert.ok(!lines.some((line) => line.includes('refusals')));
    });

    it('nowhere, and drops what cannot be served here although it can elsewhere', () => {
      const lines = elementsOf({ nodePort: 30080, outside: [], internal: [] });
      assert.ok(lines.includes('add element ip sampan address-refusals { 10.96.0.1 . tcp . 80 : drop }'));
      assert.ok(lines.includes('add element ip sampan node-refusals { tcp . 30080 : drop }'));
    });

    it('to refusals where there are no endpoints at all', () => {
      const lines = elementsOf({ external: [{ ip: '192.0.2.9' }], outside: [], internal: [] }, []);
      assert.deepEqual(lines, ['add element ip sampan address-refusals { 192.0.2.9 . tcp . 80 : goto refuse }']);
    });

    it('past a guard where only some may come, and past the memory where clients stay', () => {
      const lines = elementsOf({ external: [{ ip: '192.0.2.9', sources: ['192.0.2.0/24'] }], affinitySeconds: 60 });
      for (const element of [
        'allowed-sources { 192.0.2.9 . tcp . 80 . 192.0.2.0/24 }',
        'address-guarded-ports { 192.0.2.9 . tcp . 80 : goto address-sticky }',
        'address-sticky-ports { 10.96.0.1 . tcp . 80 : goto address-pick-2, 192.0.2.9 . tcp . 80 : goto address-pick-2 }',
        'address-memory { 10.96.0.1 . tcp . 80 : goto remember-60, 192.0.2.9 . tcp . 80 : goto remember-60 }',
      ]) {
        assert.ok(lines.includes(`add element ip sampan ${element}`), `${element}\nis not in\n${lines.join('\n')}`);
      }
    });

    it('and looks at connections once more only when the first Service wants its clients remembered', () => {
      const jump = 'insert rule ip sampan untranslated ct state new ct status dnat jump remember';
      const web = route('web', 1, [2], { affinitySeconds: 60 });
      assert.ok(!changeLines([], [route('web', 1, [2])]).includes(jump));
      assert.ok(changeLines([], [web]).includes(jump));
      assert.ok(!changeLines([web], [web, route('other', 2, [2], { affinitySeconds: 90 })]).includes(jump));
    });
  });
});
