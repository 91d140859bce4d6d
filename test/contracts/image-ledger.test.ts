/** The contract of the ledger of pulled images for the fake and for the file, and what only the file has: a disk that refuses it. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FileImageLedger } from '../../daemon/adapters/image-ledger-file.ts';
import { CollectedLog } from '../fakes/collected-log.ts';
import { MemoryImageLedger } from '../fakes/memory-image-ledger.ts';
import { describeImageLedger } from './image-ledger.contract.ts';

describeImageLedger('memory', () => {
  const ledger = new MemoryImageLedger();
  return { ledger, reopen: () => ledger, close: () => {} };
});

function folder() {
  const path = mkdtempSync(join(tmpdir(), 'sampan-ledger-'));
  return { file: join(path, 'images.json'), close: () => rmSync(path, { recursive: true }) };
}

describeImageLedger('file', () => {
  const { file, close } = folder();
  const open = () => new FileImageLedger(file, new CollectedLog());
  return { ledger: open(), reopen: open, close };
});

describe('image ledger: file', () => {
  const entry = { id: 'x', names: [], pulledAt: 1 };

  it('is for its owner only, and leaves nothing beside it', async () => {
    const { file, close } = folder();
    await new FileImageLedger(file, new CollectedLog()).update('x', () => entry);
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.deepEqual(readdirSync(join(file, '..')), ['images.json']);
    close();
  });

  it('that is broken is as good as none, and said to be', async () => {
    const { file, close } = folder();
    for (const text of ['{', '{"version":2,"images":[]}', 'null']) {
      writeFileSync(file, text);
      const log = new CollectedLog();
      const ledger = new FileImageLedger(file, log);
      assert.deepEqual(await ledger.entries(), []);
      assert.match(JSON.stringify(log.lines), /the list of pulled images cannot be read/);
      await ledger.update('x', () => entry);
      assert.deepEqual(await new FileImageLedger(file, log).entries(), [entry]);
    }
    close();
  });

  it('that cannot be written is known all the same, and written with the next change', async () => {
    const { file, close } = folder();
    mkdirSync(`${file}.new`);
    const log = new CollectedLog();
    const ledger = new FileImageLedger(file, log);
    await ledger.update('x', () => entry);
    assert.match(JSON.stringify(log.lines), /cannot be written/);
    assert.deepEqual(await ledger.entries(), [entry]);
    rmSync(`${file}.new`, { recursive: true });
    await ledger.update('y', () => ({ ...entry, id: 'y' }));
    assert.equal((await new FileImageLedger(file, log).entries()).length, 2);
    close();
  });
});
