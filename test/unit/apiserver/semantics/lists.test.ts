/** What a list answers: as of which version, in which pages. */
import assert from 'node:assert/strict';
import { type Answer, type HttpBed, startHttpBed } from '../http-bed.ts';
import { CONFIG_MAPS, configMap } from './sample-objects.ts';

describe('a list over HTTP', () => {
  let bed: HttpBed;
  beforeEach(async () => {
    bed = await startHttpBed();
  });
  afterEach(() => bed.close());

  const create = async (...names: string[]): Promise<void> => {
    for (const name of names) {
      const labels = { parity: name.charCodeAt(0) % 2 === 0 ? 'even' : 'odd' };
      assert.equal((await bed.send('POST', CONFIG_MAPS, configMap(name, labels))).status, 201);
    }
  };
  const list = (query = ''): Promise<Answer> => bed.get(`${CONFIG_MAPS}${query}`);
  const namesOf = (answer: Answer): string[] => {
    assert.equal(answer.status, 200, answer.text);
    return answer.json().items.map((item: { metadata: { name: string } }) => item.metadata.name);
  };
  const versionOf = (answer: Answer): number => Number(answer.json().metadata.resourceVersion);
  const remove = (name: string) => bed.get(`${CONFIG_MAPS}/${name}`, {}, 'DELETE');

  describe('without a resourceVersion', () => {
    it('holds what was written last, in the order of names, at the version of the store', async () => {
      await create('b', 'a', 'c');
      const listed = await list();
      assert.deepEqual(namesOf(listed), ['a', 'b', 'c']);
      assert.equal(versionOf(listed), await bed.cluster.store.revision());
      const { kind, apiVersion, items } = listed.json();
      assert.deepEqual([kind, apiVersion], ['ConfigMapList', 'v1']);
      assert.deepEqual([items[0].kind, items[0].apiVersion], [undefined, undefined]);
    });

    it('is empty in a namespace that nobody made', async () => {
      assert.deepEqual(namesOf(await bed.get('/api/v1/namespaces/nowhere/configmaps')), []);
    });

    it('leaves other namespaces out, or has them all', async () => {
      await create('a');
      const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } };
      await bed.send('POST', '/api/v1/namespaces', namespace);
      await bed.send('POST', '/api/v1/namespaces/shop/configmaps', configMap('s'));
      assert.deepEqual(namesOf(await list()), ['a']);
      assert.deepEqual(namesOf(await bed.get('/api/v1/configmaps')), ['a', 's']);
      assert.deepEqual(namesOf(await bed.get('/api/v1/configmaps?fieldSelector=metadata.namespace%3Dshop')), ['s']);
    });
  });

  describe('at a resourceVersion', () => {
    it('0 is whatever is there, whole, whatever limit is asked for', async () => {
      await create('a', 'b', 'c');
      await list();
      const listed = await list('?resourceVersion=0&limit=1');
      assert.deepEqual(namesOf(listed), ['a', 'b', 'c']);
      assert.equal(listed.json().metadata.continue, undefined);
    });

    it('N is not older than N', async () => {
      await create('a');
      const before = versionOf(await list());
      await create('b');
      for (const match of ['', '&resourceVersionMatch=NotOlderThan']) {
        const listed = await list(`?resourceVersion=${before}${match}`);
        assert.ok(versionOf(listed) >= before);
        assert.ok(namesOf(listed).includes('a'));
      }
    });

    it('N with Exact is as of just then, even for what is gone', async () => {
      await create('a', 'b');
      const before = versionOf(await list());
      await remove('a');
      await create('c');
      const listed = await list(`?resourceVersion=${before}&resourceVersionMatch=Exact`);
      assert.deepEqual(namesOf(listed), ['a', 'b']);
      assert.equal(versionOf(listed), before);
      assert.deepEqual(namesOf(await list()), ['b', 'c']);
    });

    it('N with a limit and no match is exact too, as in Kubernetes', async () => {
      await create('a', 'b');
      const before = versionOf(await list());
      await remove('a');
      const listed = await list(`?resourceVersion=${before}&limit=5`);
      assert.deepEqual([namesOf(listed), versionOf(listed)], [['a', 'b'], before]);
    });

    it('that is compacted away is expired', async () => {
      await create('a', 'b');
      await bed.cluster.store.compact(await bed.cluster.store.revision());
      const { status, json } = await list('?resourceVersion=2&resourceVersionMatch=Exact');
      assert.deepEqual([status, json().reason], [410, 'Expired']);
      assert.match(json().message, /^too old resource version: 2 \(\d+\)/);
    });

    for (const query of ['resourceVersionMatch=Exact&', '']) {
      it(`of the future times out with its cause (${query || 'NotOlderThan'})`, async () => {
        await create('a');
        const asked = list(`?${query}resourceVersion=1000`);
        if (query === '') await advanceUntilAnswered(asked);
        const { status, json, headers } = await asked;
        const { message, reason, details, code } = json();
        assert.equal(status, 504);
        assert.deepEqual([reason, code], ['Timeout', 504]);
        assert.match(message, /^Too large resource version: 1000, current: \d+$/);
        assert.deepEqual(details.causes, [{ reason: 'ResourceVersionTooLarge', message }]);
        assert.equal(details.retryAfterSeconds, 1);
        assert.equal(headers['retry-after'], '1');
      });
    }

    it('of the future is none that a single object could be as of', async () => {
      await create('a');
      assert.equal((await bed.get(`${CONFIG_MAPS}/a?resourceVersion=0`)).status, 200);
      assert.equal((await bed.get(`${CONFIG_MAPS}/a?resourceVersion=1`)).status, 200);
      const { status, json } = await bed.get(`${CONFIG_MAPS}/a?resourceVersion=1000`);
      assert.deepEqual([status, json().details.causes[0].reason], [504, 'ResourceVersionTooLarge']);
    });

    async function advanceUntilAnswered(asked: Promise<unknown>): Promise<void> {
      let answered = false;
      void asked.then(() => {
        answered = true;
      });
      while (!answered) await bed.cluster.clock.advance(500);
    }
  });

  describe('page by page', () => {
    it('tells how many remain, at one version whatever happens meanwhile', async () => {
      await create('a', 'b', 'c', 'd', 'e');
      const first = await list('?limit=2');
      assert.deepEqual(namesOf(first), ['a', 'b']);
      assert.equal(first.json().metadata.remainingItemCount, 3);
      await remove('c');
      await create('f');
      const second = await list(`?limit=2&continue=${first.json().metadata.continue}`);
      assert.deepEqual(namesOf(second), ['c', 'd']);
      assert.equal(second.json().metadata.remainingItemCount, 1);
      assert.equal(versionOf(second), versionOf(first));
      const third = await list(`?limit=2&continue=${second.json().metadata.continue}`);
      assert.deepEqual(namesOf(third), ['e']);
      const { continue: more, remainingItemCount } = third.json().metadata;
      assert.deepEqual([more, remainingItemCount], [undefined, undefined]);
    });

    it('ends with a page that is just full', async () => {
      await create('a', 'b', 'c', 'd');
      const first = await list('?limit=2');
      const second = await list(`?limit=2&continue=${first.json().metadata.continue}`);
      assert.deepEqual(namesOf(second), ['c', 'd']);
      assert.equal(second.json().metadata.continue, undefined);
    });

    it('fills each page with what a selector finds, and does not count what remains', async () => {
      await create('a', 'b', 'c', 'd', 'e', 'f');
      const selector = 'labelSelector=parity%3Dodd';
      const first = await list(`?limit=2&${selector}`);
      assert.deepEqual(namesOf(first), ['a', 'c']);
      assert.equal(first.json().metadata.remainingItemCount, undefined);
      const second = await list(`?limit=2&${selector}&continue=${first.json().metadata.continue}`);
      assert.deepEqual(namesOf(second), ['e']);
    });

    it('goes on through all namespaces', async () => {
      await create('b', 'a');
      await bed.send('POST', '/api/v1/namespaces', { metadata: { name: 'a-first' } });
      await bed.send('POST', '/api/v1/namespaces/a-first/configmaps', configMap('z'));
      const first = await bed.get('/api/v1/configmaps?limit=1');
      assert.deepEqual(namesOf(first), ['z']);
      const rest = await bed.get(`/api/v1/configmaps?continue=${first.json().metadata.continue}`);
      assert.deepEqual(namesOf(rest), ['a', 'b']);
    });

    it('that is too old to go on says where the rest can be had, as of now', async () => {
      await create('a', 'b', 'c', 'd');
      const first = await list('?limit=1');
      await remove('b');
      await create('e');
      await bed.cluster.store.compact(await bed.cluster.store.revision());
      const expired = await list(`?limit=2&continue=${first.json().metadata.continue}`);
      const { reason, message, metadata } = expired.json();
      assert.deepEqual([expired.status, reason], [410, 'Expired']);
      assert.match(message, /^The provided continue parameter is too old to display a consistent list result\./);
      const second = await list(`?limit=2&continue=${metadata.continue}`);
      assert.deepEqual(namesOf(second), ['c', 'd']);
      assert.ok(versionOf(second) > versionOf(first));
      assert.deepEqual(namesOf(await list(`?continue=${second.json().metadata.continue}`)), ['e']);
    });
  });

  describe('asked for in a way that means nothing', () => {
    const refusals: readonly [string, number, RegExp][] = [
      ['resourceVersionMatch=Exact', 422, /resourceVersionMatch is forbidden unless resourceVersion is provided/],
      ['resourceVersionMatch=Exact&resourceVersion=0', 422, /"exact" is forbidden for resourceVersion "0"/],
      ['resourceVersionMatch=Newest&resourceVersion=1', 422, /Unsupported value: "Newest"/],
      ['sendInitialEvents=true', 422, /sendInitialEvents: Forbidden: sendInitialEvents is forbidden for list/],
      ['resourceVersion=soon', 400, /resourceVersion/],
      ['limit=many', 400, /limit/],
      ['continue=nonsense', 400, /continue key is not valid/],
      ['fieldSelector=data.a%3Db', 400, /field label not supported: data.a/],
      ['labelSelector=a+is+b', 400, /unable to parse requirement|can't understand|found/],
    ];
    for (const [query, status, message] of refusals) {
      it(`is refused: ${query}`, async () => {
        const answer = await list(`?${query}`);
        assert.equal(answer.status, status, answer.text);
        assert.match(answer.json().message, message);
      });
    }

    it('names the kind of its options and their group', async () => {
      const { message, details } = (await list('?resourceVersionMatch=Exact')).json();
      assert.match(message, /^ListOptions\.meta\.k8s\.io "" is invalid: resourceVersionMatch: Forbidden: /);
      assert.deepEqual([details.group, details.kind], ['meta.k8s.io', 'ListOptions']);
    });

    it('is refused where a page is to be as of another version', async () => {
      await create('a', 'b');
      const first = await list('?limit=1');
      const { status, json } = await list(`?continue=${first.json().metadata.continue}&resourceVersion=3`);
      assert.equal(status, 400);
      assert.equal(json().message, 'specifying resource version is not allowed when using continue');
    });
  });
});
