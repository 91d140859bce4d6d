/** A token is good at every master, also where the clock of the one that signed it is an hour off. */
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { ServiceAccountTokens } from '../../../../daemon/apiserver/access/service-account-tokens.ts';
import type { Clock } from '../../../../reconcilers/ports/clock.ts';

const NOW = Date.parse('2026-01-02T03:04:05Z');
const HOUR_MS = 3_600_000;
const { privateKey: key } = generateKeyPairSync('ec', { namedCurve: 'P-256' });

function masterAt(now: number): ServiceAccountTokens {
  const clock: Pick<Clock, 'now'> = { now: () => now };
  const deps = { clock: clock as Clock, existing: async () => ({ uid: 'u1' }) };
  return new ServiceAccountTokens({ key, issuer: 'https://kubernetes.default.svc' }, deps);
}

describe('a ServiceAccount token', () => {
  for (const [what, off] of [
    ['ahead', HOUR_MS],
    ['behind', -HOUR_MS],
  ] as const) {
    it(`of a master whose clock is an hour ${what} is good at the others`, async () => {
      const grant = {
        namespace: 'default',
        serviceAccount: { name: 'default', uid: 'u1' },
        audiences: ['https://kubernetes.default.svc'],
        expirationSeconds: 7_200,
      };
      const { token } = await masterAt(NOW + off).issue(grant);
      assert.equal((await masterAt(NOW).verify(token))?.user.name, 'system:serviceaccount:default:default');
    });
  }
});
