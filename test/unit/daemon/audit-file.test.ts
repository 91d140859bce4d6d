import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AuditFile } from '../../../daemon/adapters/audit-file.ts';
import { CollectedLog } from '../../fakes/collected-log.ts';
import { FakeClock } from '../../fakes/fake-clock.ts';

describe('the audit file', () => {
  let folder: string;
  let path: string;
  let clock: FakeClock;
  let log: CollectedLog;
  const open = (maxBytes = 1_000_000, maxBackups = 2) => new AuditFile({ path, maxBytes, maxBackups }, { clock, log });
  const backups = () => readdirSync(folder).filter((name) => /^audit-\d{4}/.test(name));
  /** '' where it is just being moved aside. */
  const read = (name: string) => {
    try {
      return readFileSync(join(folder, name), 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
      throw error;
    }
  };
  /** The numbers of the events in all files, oldest file first. */
  const numbers = () =>
    [...backups().sort(), 'audit.log'].flatMap((name) =>
      read(name)
        .split('\n')
        .slice(0, -1)
        .map((line) => (JSON.parse(line) as { n: number }).n),
    );

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sampan-audit-'));
    path = join(folder, 'audit.log');
    clock = new FakeClock();
    log = new CollectedLog();
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('holds one JSON line per event, for its owner only, and goes on after a restart', async () => {
    for (const n of [1, 2]) {
      const file = open();
      file.write({ n });
      await file.close();
    }
    assert.deepEqual(numbers(), [1, 2]);
    assert.equal(statSync(path).mode & 0o777, 0o600);
  });

  it('is moved aside when it is full, and only so many of those are kept', async () => {
    const file = open(100, 2);
    for (let n = 0; n < 12; n++) {
      file.write({ n, text: 'x'.repeat(30) });
      await until(() => numbers().includes(n));
      await clock.advance(1_000);
    }
    await file.close();
    assert.deepEqual(backups(), ['audit-2026-01-02T03-04-13.000.log', 'audit-2026-01-02T03-04-15.000.log']);
    assert.deepEqual(numbers(), [6, 7, 8, 9, 10, 11]);
    assert.deepEqual(log.lines, []);
  });

  it('keeps every line where many come at once', async () => {
    const file = open(10_000, 0);
    for (let n = 0; n < 2_000; n++) {
      file.write({ n });
      if (n % 100 === 0) await clock.advance(1_000);
    }
    await file.close();
    assert.ok(backups().length > 0);
    assert.deepEqual(
      numbers(),
      Array.from({ length: 2_000 }, (_, n) => n),
    );
    assert.deepEqual(log.lines, []);
  });

  it('keeps the order of those moved aside when the clock was set back', async () => {
    const file = open(10, 0);
    for (const n of [1, 2, 3]) {
      file.write({ n, text: 'x' });
      await until(() => numbers().includes(n));
      clock.jump(-3_600_000);
    }
    await file.close();
    assert.deepEqual(numbers(), [1, 2, 3]);
    assert.equal(backups().length, 2);
  });

  it('leaves files of other names alone', async () => {
    mkdirSync(join(folder, 'audit-notes.log'));
    const file = open(10, 1);
    for (let n = 0; n < 4; n++) {
      file.write({ n });
      await clock.advance(1_000);
    }
    await file.close();
    assert.ok(readdirSync(folder).includes('audit-notes.log'));
  });

  it('says what it cannot write to', () => {
    mkdirSync(path);
    assert.throws(() => open(), /cannot write the audit log .*audit\.log/);
  });

  it('says once that it cannot write', async () => {
    // A device that is always full.
    path = '/dev/full';
    const file = open();
    file.write({ n: 1 });
    file.write({ n: 2 });
    await until(() => log.lines.length > 0);
    await clock.advance(10_000);
    await file.close();
    assert.deepEqual(
      log.lines.map(({ level, message }) => [level, message]),
      [['error', 'the audit log cannot be written']],
    );
  });
});

async function until(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 5_000;
  while (!condition()) {
    assert.ok(performance.now() < deadline, 'not within 5 s');
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
}
