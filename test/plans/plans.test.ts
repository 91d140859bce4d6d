/**
 * The golden plans: each `test/plans/<loop>/<case>.given.yaml` holds `desired`, `observed` and `now`; the loop's `plan` must make
 * of it what `<case>.plan.yaml` says. `UPDATE_PLANS=1` writes the latter anew, for a person to review in the diff.
 */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { dump, load } from 'js-yaml';

const ROOT = import.meta.dirname;
const GIVEN = '.given.yaml';

interface Given {
  readonly desired?: unknown;
  readonly observed: unknown;
  /** An ISO time; default 2026-01-02T03:04:05Z. */
  readonly now?: string | Date;
}

for (const loop of readdirSync(ROOT, { withFileTypes: true }).filter((entry) => entry.isDirectory())) {
  describe(`plans: ${loop.name}`, () => {
    const folder = join(ROOT, loop.name);
    for (const file of readdirSync(folder).filter((name) => name.endsWith(GIVEN))) {
      const name = file.slice(0, -GIVEN.length);
      it(name.replaceAll('-', ' '), async () => {
        const { plan } = (await import(`../../reconcilers/${loop.name}/plan.ts`)) as {
          plan(desired: unknown, observed: unknown, now: number): unknown;
        };
        const given = load(readFileSync(join(folder, file), 'utf8')) as Given;
        const now = new Date(given.now ?? '2026-01-02T03:04:05Z').getTime();
        const before = JSON.stringify(given);
        const planned = JSON.parse(JSON.stringify(plan(given.desired ?? undefined, given.observed, now)));
        assert.equal(JSON.stringify(given), before, 'plan must not change what it is given');

        const golden = join(folder, `${name}.plan.yaml`);
        if (process.env.UPDATE_PLANS === '1') writeFileSync(golden, dump(planned, { lineWidth: 120, noRefs: true }));
        assert.ok(existsSync(golden), `${golden} is missing; make it with UPDATE_PLANS=1 and review it`);
        assert.deepEqual(planned, load(readFileSync(golden, 'utf8')));
      });
    }
  });
}
