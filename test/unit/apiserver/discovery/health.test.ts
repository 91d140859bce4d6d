import assert from 'node:assert/strict';
import { type HttpBed, startHttpBed } from '../http-bed.ts';

describe('health', () => {
  let api: HttpBed;
  let wrong: string | undefined;
  before(async () => {
    api = await startHttpBed({
      live: [{ name: 'loops', check: () => {} }],
      ready: [
        {
          name: 'store',
          check: async () => {
            if (wrong !== undefined) throw new Error(wrong);
          },
        },
      ],
    });
  });
  beforeEach(() => {
    wrong = undefined;
  });
  after(() => api.close());

  const ask = async (path: string) => {
    const { status, text } = await api.get(path);
    return [status, text];
  };

  it('is ok while all checks pass', async () => {
    for (const path of ['/healthz', '/livez', '/readyz', '/readyz/', '/readyz/store']) {
      assert.deepEqual(await ask(path), [200, 'ok'], path);
    }
    assert.deepEqual(await ask('/readyz?verbose'), [
      200,
      '[+]ping ok\n[+]loops ok\n[+]store ok\nreadyz check passed\n',
    ]);
    assert.deepEqual(await ask('/livez?verbose'), [200, '[+]ping ok\n[+]loops ok\nlivez check passed\n']);
  });

  it('names the check that fails, and gives the reason only to who asks for that check', async () => {
    wrong = 'the disk is gone';
    assert.deepEqual(await ask('/readyz'), [
      500,
      '[+]ping ok\n[+]loops ok\n[-]store failed: reason withheld\nreadyz check failed\n',
    ]);
    assert.deepEqual(await ask('/readyz/store'), [500, 'internal server error: the disk is gone\n']);
    assert.deepEqual(await ask('/livez'), [200, 'ok'], 'a server that is not ready lives');
    const [line] = api.log.lines;
    assert.deepEqual(line?.fields, { check: 'readyz/store', error: 'the disk is gone' });
  });

  it('leaves out the checks that are excluded, and says which it does not know', async () => {
    wrong = 'the disk is gone';
    assert.deepEqual(await ask('/readyz?verbose&exclude=store&exclude=moon'), [
      200,
      '[+]ping ok\n[+]loops ok\n[+]store excluded: ok\n' +
        'warn: some health checks cannot be excluded: no matches for "moon"\nreadyz check passed\n',
    ]);
  });

  it('has no check of another name', async () => {
    assert.equal((await api.get('/readyz/moon')).status, 404);
    assert.equal((await api.get('/livez/store')).status, 404);
    assert.equal((await api.get('/readyz/store/x')).status, 404);
  });
});
