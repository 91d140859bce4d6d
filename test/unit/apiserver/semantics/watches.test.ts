/** What a watch sends: from where on, of which objects, in which shape, and how it ends. */
import assert from 'node:assert/strict';
import { type HttpBed, startHttpBed } from '../http-bed.ts';
import { CONFIG_MAPS, configMap, MERGE, PODS, pod } from './sample-objects.ts';
import { type Seen, Watching } from './watching.ts';

const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io';
const METADATA = 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io';

describe('a watch over HTTP', () => {
  let bed: HttpBed;
  let open: Watching[];
  beforeEach(async () => {
    bed = await startHttpBed();
    open = [];
  });
  afterEach(async () => {
    for (const watching of open) watching.close();
    await bed.close();
  });

  const watch = async (query = '', accept = 'application/json', path = CONFIG_MAPS): Promise<Watching> => {
    const watching = await Watching.open(bed.socketPath, `${path}?watch=true${query}`, { accept });
    open.push(watching);
    return watching;
  };
  const create = async (name: string, labels: Record<string, string> = {}): Promise<number> => {
    const answer = await bed.send('POST', CONFIG_MAPS, configMap(name, labels));
    assert.equal(answer.status, 201, answer.text);
    return Number(answer.json().metadata.resourceVersion);
  };
  const label = (name: string, labels: Record<string, string | null>) =>
    bed.send('PATCH', `${CONFIG_MAPS}/${name}`, { metadata: { labels } }, MERGE);
  const remove = (name: string) => bed.get(`${CONFIG_MAPS}/${name}`, {}, 'DELETE');
  const briefly = ({ type, object }: Seen) => `${type} ${object.metadata.name}`;

  describe('begins', () => {
    for (const query of ['', '&resourceVersion=0']) {
      it(`with what there is${query === '' ? '' : ', at version 0 too'}, then what comes`, async () => {
        await create('b');
        await create('a');
        const watching = await watch(query);
        assert.deepEqual(await watching.names(2), ['ADDED a', 'ADDED b']);
        await create('c');
        await label('a', { x: '1' });
        await remove('b');
        assert.deepEqual(await watching.names(3), ['ADDED c', 'MODIFIED a', 'DELETED b']);
      });
    }

    it('after the version it is given, and misses nothing since', async () => {
      const first = await create('a');
      await label('a', { x: '1' });
      await remove('a');
      await create('b');
      const watching = await watch(`&resourceVersion=${first}`);
      assert.deepEqual(await watching.names(3), ['MODIFIED a', 'DELETED a', 'ADDED b']);
    });

    it('at the version of a list, where the list ended', async () => {
      await create('a');
      const { metadata } = (await bed.get(CONFIG_MAPS)).json();
      const watching = await watch(`&resourceVersion=${metadata.resourceVersion}`);
      await create('b');
      assert.deepEqual(await watching.names(1), ['ADDED b']);
    });

    it('with an error where that version is compacted away', async () => {
      await create('a');
      await create('b');
      await bed.cluster.store.compact(await bed.cluster.store.revision());
      const watching = await watch('&resourceVersion=1');
      const [event, ...others] = await watching.rest();
      assert.deepEqual(others, []);
      assert.equal(watching.status, 200);
      assert.equal(event?.type, 'ERROR');
      assert.deepEqual([event?.object.kind, event?.object.code, event?.object.reason], ['Status', 410, 'Expired']);
      assert.match(event?.object.message, /^too old resource version: 1 \(\d+\)/);
    });

    it('with its headers, before there is anything to tell', async () => {
      const { status, headers } = await watch('&resourceVersion=1&fieldSelector=metadata.name%3Dnone');
      assert.equal(status, 200);
      assert.equal(headers['content-type'], 'application/json');
      assert.equal(headers['transfer-encoding'], 'chunked');
    });
  });

  describe('that streams what a list would hold', () => {
    it('marks where it ends, at a version that the watch can go on from', async () => {
      await create('a');
      const match = 'resourceVersionMatch=NotOlderThan';
      const watching = await watch(`&sendInitialEvents=true&allowWatchBookmarks=true&${match}`);
      assert.deepEqual(await watching.names(1), ['ADDED a']);
      const { type, object } = await watching.next();
      assert.equal(type, 'BOOKMARK');
      assert.deepEqual([object.kind, object.apiVersion], ['ConfigMap', 'v1']);
      assert.equal(object.metadata.annotations['k8s.io/initial-events-end'], 'true');
      assert.equal(object.metadata.resourceVersion, String(await bed.cluster.store.revision()));
      await create('b');
      assert.deepEqual(await watching.names(1), ['ADDED b']);
    });

    it('is as of the version it is given, or newer', async () => {
      await create('a');
      const second = await create('b');
      const query = `&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&resourceVersion=${second}`;
      assert.deepEqual(await (await watch(query)).names(2), ['ADDED a', 'ADDED b']);
    });

    it('may be told not to: then only what comes is sent', async () => {
      await create('a');
      const watching = await watch('&sendInitialEvents=false&resourceVersionMatch=NotOlderThan');
      await create('b');
      assert.deepEqual(await watching.names(1), ['ADDED b']);
    });

    it('is refused where what it is to be as of is not said as it must be', async () => {
      for (const [query, message] of [
        ['&sendInitialEvents=true', /sendInitialEvents requires setting resourceVersionMatch to NotOlderThan/],
        ['&resourceVersionMatch=NotOlderThan&resourceVersion=1', /forbidden for watch unless sendInitialEvents/],
      ] as const) {
        const { status, text } = await bed.get(`${CONFIG_MAPS}?watch=true${query}`);
        assert.equal(status, 422);
        assert.match(text, message);
      }
    });
  });

  describe('ends', () => {
    it('when its time is over, with a bookmark where those are wanted', async () => {
      const version = await create('a');
      const watching = await watch(`&resourceVersion=${version}&timeoutSeconds=30&allowWatchBookmarks=true`);
      await create('b');
      assert.deepEqual(await watching.names(1), ['ADDED b']);
      const rest = watching.rest();
      await bed.cluster.clock.advance(30_000);
      const [bookmark, ...others] = await rest;
      assert.deepEqual(others, []);
      assert.equal(bookmark?.type, 'BOOKMARK');
      assert.equal(bookmark?.object.metadata.resourceVersion, String(await bed.cluster.store.revision()));
      assert.equal(bookmark?.object.metadata.annotations, undefined);
    });

    it('without one where they are not', async () => {
      await create('a');
      const watching = await watch('&timeoutSeconds=30');
      assert.deepEqual(await watching.names(1), ['ADDED a']);
      const rest = watching.rest();
      await bed.cluster.clock.advance(30_000);
      assert.deepEqual(await rest, []);
    });

    it('not at once where its time is 0: that is no time given', async () => {
      const watching = await watch('&timeoutSeconds=0');
      await bed.cluster.clock.advance(3_600_000);
      await create('a');
      assert.deepEqual(await watching.names(1), ['ADDED a']);
    });

    it('never without saying how far it was: a bookmark comes every minute', async () => {
      const version = await create('a');
      const watching = await watch(
        `&resourceVersion=${version}&allowWatchBookmarks=true&fieldSelector=metadata.name%3Dx`,
      );
      await create('b');
      await bed.cluster.clock.advance(60_000);
      const { type, object } = await watching.next();
      assert.equal(type, 'BOOKMARK');
      assert.ok(Number(object.metadata.resourceVersion) >= version);
    });
  });

  describe('through a selector', () => {
    it('calls entering ADDED, leaving DELETED, and tells nothing of what it never showed', async () => {
      const watching = await watch('&labelSelector=app%3Dweb');
      await create('a', { app: 'db' });
      await label('a', { app: 'web' });
      await label('a', { more: '1' });
      const left = await label('a', { app: 'db' });
      await remove('a');
      await create('b', { app: 'web' });
      assert.deepEqual(await watching.names(2), ['ADDED a', 'MODIFIED a']);
      const deleted = await watching.next();
      assert.equal(briefly(deleted), 'DELETED a');
      assert.equal(deleted.object.metadata.labels.app, 'web', 'the object as its watcher knew it');
      assert.equal(deleted.object.metadata.resourceVersion, left.json().metadata.resourceVersion);
      assert.deepEqual(await watching.names(1), ['ADDED b']);
    });

    it('of a field follows the field', async () => {
      const watching = await watch('&fieldSelector=status.phase%3DRunning', 'application/json', PODS);
      await bed.send('POST', PODS, pod('p'));
      const phase = (value: string) => bed.send('PATCH', `${PODS}/p/status`, { status: { phase: value } }, MERGE);
      await phase('Running');
      await phase('Succeeded');
      assert.deepEqual(await watching.names(2), ['ADDED p', 'DELETED p']);
    });

    it('of a name is a watch of one object', async () => {
      await create('a');
      await create('b');
      const watching = await watch('&fieldSelector=metadata.name%3Db&resourceVersion=0');
      await label('a', { x: '1' });
      await remove('b');
      assert.deepEqual(await watching.names(2), ['ADDED b', 'DELETED b']);
    });

    it('tells each watcher its own of changes that come together: selection, place and shape', async () => {
      const all = await Promise.all([watch(), watch()]);
      const some = await watch('&labelSelector=app%3Dweb');
      const one = await watch('&fieldSelector=metadata.name%3Db');
      const metadata = await watch('', METADATA);
      const everywhere = await watch('', 'application/json', '/api/v1/configmaps');
      await Promise.all([create('a', { app: 'web' }), create('b'), create('c', { app: 'web' })]);
      for (const each of [...all, metadata, everywhere]) {
        const seen = [await each.next(), await each.next(), await each.next()];
        assert.deepEqual(seen.map(briefly).sort(), ['ADDED a', 'ADDED b', 'ADDED c']);
        const kind = each === metadata ? 'PartialObjectMetadata' : 'ConfigMap';
        for (const { object } of seen) assert.equal(object.kind, kind);
      }
      assert.deepEqual((await some.names(2)).sort(), ['ADDED a', 'ADDED c']);
      assert.deepEqual(await one.names(1), ['ADDED b']);
    });

    it('keeps other namespaces out', async () => {
      await bed.send('POST', '/api/v1/namespaces', { metadata: { name: 'shop' } });
      const watching = await watch();
      const everywhere = await watch('', 'application/json', '/api/v1/configmaps');
      await bed.send('POST', '/api/v1/namespaces/shop/configmaps', configMap('s'));
      await create('a');
      assert.deepEqual(await watching.names(1), ['ADDED a']);
      assert.deepEqual(await everywhere.names(2), ['ADDED s', 'ADDED a']);
    });
  });

  describe('sends', () => {
    it('the same order of versions to every watcher, each newer than the one before', async () => {
      const [one, other] = [await watch(), await watch()];
      await create('a');
      await Promise.all(['b', 'c', 'd', 'e'].map((name) => create(name)));
      await Promise.all(['b', 'c'].map(remove));
      const versions = async (watching: Watching) => {
        const seen: number[] = [];
        for (let count = 0; count < 7; count++)
          seen.push(Number((await watching.next()).object.metadata.resourceVersion));
        return seen;
      };
      const seen = await versions(one);
      assert.deepEqual(await versions(other), seen);
      assert.deepEqual(
        seen,
        [...new Set(seen)].toSorted((a, b) => a - b),
      );
    });

    it('a deletion with a version of its own, newer than the last write', async () => {
      const watching = await watch();
      const version = await create('a');
      await remove('a');
      await watching.next();
      const { type, object } = await watching.next();
      assert.equal(type, 'DELETED');
      assert.ok(Number(object.metadata.resourceVersion) > version);
      assert.equal((await bed.get(CONFIG_MAPS)).json().metadata.resourceVersion, object.metadata.resourceVersion);
    });

    it('nothing for a write that changes nothing', async () => {
      const version = await create('a', { x: '1' });
      const watching = await watch(`&resourceVersion=${version}`);
      for (const answer of [
        await label('a', { x: '1' }),
        await bed.send('PUT', `${CONFIG_MAPS}/a`, (await bed.get(`${CONFIG_MAPS}/a`)).json()),
        await bed.send('PATCH', `${CONFIG_MAPS}/a`, {}, MERGE),
      ]) {
        assert.deepEqual([answer.status, answer.json().metadata.resourceVersion], [200, String(version)]);
      }
      await create('b');
      assert.deepEqual(await watching.names(1), ['ADDED b']);
    });

    it('the objects of a page at a time as tables, where those are asked for', async () => {
      await create('a');
      const watching = await watch('', TABLE);
      assert.equal(watching.headers['content-type'], 'application/json;g=meta.k8s.io;v=v1;as=Table;stream=watch');
      await remove('a');
      for (const type of ['ADDED', 'DELETED']) {
        const event = await watching.next();
        const { kind, columnDefinitions, rows, metadata } = event.object;
        assert.deepEqual([event.type, kind], [type, 'Table']);
        assert.equal(columnDefinitions[0].name, 'Name');
        assert.equal(rows.length, 1);
        assert.equal(rows[0].cells[0], 'a');
        assert.equal(rows[0].object.kind, 'PartialObjectMetadata');
        assert.equal(rows[0].object.metadata.name, 'a');
        assert.equal(metadata.resourceVersion, rows[0].object.metadata.resourceVersion);
      }
    });

    it('metadata alone, where that is asked for, in bookmarks too', async () => {
      const query = '&sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan';
      await create('a');
      const watching = await watch(query, METADATA);
      const [added, bookmark] = [await watching.next(), await watching.next()];
      assert.deepEqual([added.type, bookmark.type], ['ADDED', 'BOOKMARK']);
      for (const { object } of [added, bookmark]) {
        assert.deepEqual([object.kind, object.apiVersion], ['PartialObjectMetadata', 'meta.k8s.io/v1']);
        assert.equal(object.data, undefined);
      }
    });
  });

  describe('of one object by its path', () => {
    it('is a plain read, as in Kubernetes: one is watched through the field selector of its collection', async () => {
      await create('a');
      const { status, json } = await bed.get(`${CONFIG_MAPS}/a?watch=true`);
      assert.deepEqual([status, json().metadata.name], [200, 'a']);
    });
  });
});
