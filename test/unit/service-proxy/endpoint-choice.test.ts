/** Whom the userspace proxy passes a client on to, and for how long it stays with it. */
import assert from 'node:assert/strict';
import { type ChoiceRules, EndpointChoice } from '../../../daemon/adapters/userspace-proxy/endpoint-choice.ts';
import type { Endpoint } from '../../../reconcilers/ports/packet-filter.ts';
import { FakeClock } from '../../fakes/fake-clock.ts';
import { SeededRandom } from '../../fakes/seeded-random.ts';

const [A, B, C] = ['10.244.0.2', '10.244.0.3', '10.244.0.4'].map((ip) => ({ ip, port: 8000 })) as [
  Endpoint,
  Endpoint,
  Endpoint,
];
const CLIENT = '192.0.2.1';

describe('the choice of an endpoint', () => {
  let clock: FakeClock;
  let choice: EndpointChoice;
  beforeEach(() => {
    clock = new FakeClock();
    choice = new EndpointChoice({ random: new SeededRandom(7), clock });
  });

  const rules = (changes: Partial<ChoiceRules> = {}) =>
    choice.setRules({ endpoints: [A, B, C], isOutside: () => false, isAllowed: () => true, ...changes });
  const call = (client = CLIENT) => {
    const [first] = choice.candidates(client);
    if (first !== undefined) choice.chose(client, first);
    return first?.ip;
  };
  const calls = () => new Set(Array.from({ length: 50 }, () => call()));

  it('is any of them, and names the others to try next', () => {
    rules();
    assert.equal(calls().size, 3);
    assert.deepEqual(new Set(choice.candidates(CLIENT)), new Set([A, B, C]));
  });

  it('stays the same for a client, until it was silent for so long', async () => {
    rules({ affinitySeconds: 60 });
    const first = call();
    for (let minute = 0; minute < 20; minute++) {
      await clock.advance(59_000);
      assert.equal(call(), first, 'each call begins the time anew');
    }
    const later = new Set<string | undefined>();
    for (let time = 0; time < 20; time++) {
      await clock.advance(60_000);
      later.add(call());
    }
    assert.ok(later.size > 1);
  });

  it('is forgotten when the Service wants it no more', () => {
    rules({ affinitySeconds: 60 });
    assert.equal(calls().size, 1);
    rules();
    assert.equal(calls().size, 3);
  });

  it('is another when the endpoint that did not answer was passed over', () => {
    rules({ affinitySeconds: 60 });
    const [, second] = choice.candidates(CLIENT);
    choice.chose(CLIENT, second as Endpoint);
    assert.deepEqual(calls(), new Set([second?.ip]));
  });

  it('is out of others for callers from outside, and out of none for who may not come', () => {
    rules({ outside: [B], isOutside: (client) => client === CLIENT, isAllowed: (client) => client !== '203.0.113.9' });
    assert.deepEqual(calls(), new Set([B.ip]));
    assert.equal(new Set(Array.from({ length: 50 }, () => call('10.244.0.9'))).size, 3);
    assert.equal(call('203.0.113.9'), undefined);
    assert.deepEqual([choice.stillLeads(CLIENT, A), choice.stillLeads(CLIENT, B)], [false, true]);
  });
});
