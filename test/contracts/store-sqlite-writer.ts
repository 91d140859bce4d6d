/**
 * The victim of store-sqlite.test.ts: writes to the store file given as its argument as fast as it can and prints each acknowledged
 * write, as `revision key`, until it is killed.
 */
import { writeSync } from 'node:fs';
import { SqliteStore } from '../../daemon/adapters/sqlite-store/sqlite-store.ts';
import { systemClock } from '../../daemon/adapters/system-clock.ts';

const STDOUT = 1;
const WRITERS = 8;
const store = new SqliteStore(process.argv[2] as string, systemClock);

async function writeForever(writer: number): Promise<void> {
  for (let n = 0; ; n++) {
    const key = `/w${writer}/${n % 50}`;
    const value = JSON.stringify({ writer, n, padding: 'x'.repeat(500) });
    const { revision } = await store.commit({
      conditions: [],
      writes: [
        { op: 'put', key, value },
        { op: 'put', key: `${key}/twin`, value },
      ],
    });
    writeSync(STDOUT, `${revision} ${key} ${n}\n`);
    if (writer === 0 && n % 100 === 99) await store.compact(revision - 200);
  }
}

await Promise.all(Array.from({ length: WRITERS }, (_, writer) => writeForever(writer)));
