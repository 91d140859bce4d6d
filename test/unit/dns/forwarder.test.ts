/** Names that others answer for: asked with real servers on loopback, on a clock that stands until told. */
import assert from 'node:assert/strict';
import type { Answer as DnsRecord } from 'dns-packet';
import { type Answer, TCP_LIMIT, udpLimit } from '../../../daemon/dns/answer.ts';
import { RCODE } from '../../../daemon/dns/codec.ts';
import { type Query, readQuery } from '../../../daemon/dns/query.ts';
import { AnswerCache } from '../../../daemon/dns/upstream/answer-cache.ts';
import { Forwarder } from '../../../daemon/dns/upstream/forwarder.ts';
import { eventually } from '../../e2e/harness/eventually.ts';
import { CollectedLog } from '../../fakes/collected-log.ts';
import { FakeClock } from '../../fakes/fake-clock.ts';
import { type Asked, question, shown } from './dns-client.ts';
import { UpstreamServer } from './upstream-server.ts';

const TRUNCATED = 0x0200;
const address = (name: string, ttl: number, data = '192.0.2.1'): DnsRecord => ({ type: 'A', name, ttl, data });
const soa = (ttl: number, minimum: number): DnsRecord => ({
  type: 'SOA',
  name: 'example.com',
  ttl,
  data: { mname: 'ns.example.com', rname: 'root.example.com', minimum },
});

function queryOf(text: string, asked?: Asked): Query {
  const read = readQuery(question(text, asked));
  assert.ok(read.kind === 'question');
  return read.query;
}

describe('names that are not of the cluster', () => {
  let [first, second]: UpstreamServer[] = [];
  let clock: FakeClock;
  let log: CollectedLog;
  let forwarder: Forwarder;

  beforeEach(async () => {
    [first, second] = [await UpstreamServer.start(), await UpstreamServer.start()];
    clock = new FakeClock();
    log = new CollectedLog();
    const servers = [first, second];
    forwarder = new Forwarder({ servers: () => servers, clock, log, cache: new AnswerCache() });
  });
  afterEach(async () => {
    await first?.stop();
    await second?.stop();
  });

  const ask = async (text: string, asked?: Asked) => {
    const query = queryOf(text, asked);
    return shown((await forwarder.ask(query)).reply(query, udpLimit(query)));
  };
  /** Of the servers that it is asked of, so many are silent until their time is over. */
  const askOver = async (text: string, silences: number) => {
    const inAll = () => up().asked.length + down().asked.length;
    const before = inAll();
    const asked = ask(text);
    for (let silence = 1; silence <= silences; silence++) {
      await eventually(() => inAll() === before + silence, { describe: `question ${silence} to arrive`, everyMs: 1 });
      await clock.advance(1_500);
    }
    return asked;
  };
  const [up, down] = [() => first as UpstreamServer, () => second as UpstreamServer];

  it('are answered by the first server, and kept for their TTL, which goes down', async () => {
    up().answer = ({ name }) => ({ answers: [address(name, 60)] });
    assert.deepEqual(await ask('www.example.com A'), {
      code: 'NOERROR',
      answers: ['www.example.com 60 A 192.0.2.1'],
      authorities: [],
      additionals: [],
    });
    await clock.advance(20_000);
    assert.deepEqual((await ask('WWW.example.com A')).answers, ['www.example.com 40 A 192.0.2.1']);
    assert.equal(up().asked.length, 1);
    await clock.advance(40_000);
    assert.deepEqual((await ask('www.example.com A')).answers, ['www.example.com 60 A 192.0.2.1']);
    assert.equal(up().asked.length, 2);
    assert.equal(down().asked.length, 0);
  });

  it('are kept apart by type, and by whether signatures are wanted', async () => {
    up().answer = ({ name, type }) => ({ answers: type === 'A' ? [address(name, 60)] : [] });
    await ask('www.example.com A');
    await ask('www.example.com AAAA');
    const signed = question('www.example.com A', { udpPayloadSize: 1232 });
    signed.writeUInt16BE(0x8000, signed.length - 4);
    const read = readQuery(signed);
    assert.ok(read.kind === 'question');
    await forwarder.ask(read.query);
    assert.deepEqual(
      up().asked.map(({ type, packet }) => [type, packet.additionals?.map((opt) => opt.type === 'OPT' && opt.flag_do)]),
      [
        ['A', [false]],
        ['AAAA', [false]],
        ['A', [true]],
      ],
    );
  });

  it('that do not exist are remembered for as long as their zone says', async () => {
    up().answer = () => ({ rcode: RCODE.NXDOMAIN, authorities: [soa(900, 30)] });
    assert.equal((await ask('gone.example.com A')).code, 'NXDOMAIN');
    await clock.advance(29_000);
    assert.deepEqual((await ask('gone.example.com A')).authorities[0]?.split(' ')[1], '871');
    assert.equal(up().asked.length, 1);
    await clock.advance(1_000);
    await ask('gone.example.com A');
    assert.equal(up().asked.length, 2);
  });

  it('without a word how long that is true are asked for each time', async () => {
    await ask('empty.example.com A');
    await ask('empty.example.com A');
    assert.equal(up().asked.length, 2);
  });

  it('are asked for once, however many want them at the same time', async () => {
    up().answer = ({ name }) => ({ answers: [address(name, 0)] });
    const answers = await Promise.all(Array.from({ length: 50 }, () => ask('busy.example.com A')));
    assert.equal(up().asked.length, 1);
    assert.ok(answers.every(({ answers: [record] }) => record === 'busy.example.com 0 A 192.0.2.1'));
  });

  it('are asked of the next server where one is silent, which is then asked last', async () => {
    up().answer = () => undefined;
    down().answer = ({ name }) => ({ answers: [address(name, 60)] });
    assert.equal((await askOver('a.example.com A', 1)).code, 'NOERROR');
    assert.equal((await ask('b.example.com A')).code, 'NOERROR');
    assert.deepEqual([up().asked.length, down().asked.length], [1, 2]);
    up().answer = ({ name }) => ({ answers: [address(name, 60)] });
    await clock.advance(10_000);
    await ask('c.example.com A');
    assert.equal(up().asked.length, 2);
  });

  it('are asked of the next server at once where nobody listens', async () => {
    down().answer = ({ name }) => ({ answers: [address(name, 60)] });
    await up().stop();
    assert.equal((await ask('a.example.com A')).code, 'NOERROR');
    first = undefined;
  });

  it('are asked of the next server where one fails or refuses, and the last word is passed on', async () => {
    up().answer = () => ({ rcode: RCODE.SERVFAIL });
    down().answer = ({ name }) => (name.startsWith('a') ? { answers: [address(name, 60)] } : { rcode: RCODE.REFUSED });
    assert.equal((await ask('a.example.com A')).code, 'NOERROR');
    assert.equal((await ask('b.example.com A')).code, 'REFUSED');
    assert.deepEqual(
      log.lines.filter(({ level }) => level === 'error'),
      [],
    );
  });

  it('fail where all servers are silent, which is said once, and so is that they are back', async () => {
    up().answer = () => undefined;
    down().answer = () => undefined;
    assert.equal((await askOver('a.example.com A', 3)).code, 'SERVFAIL');
    assert.equal((await askOver('b.example.com A', 3)).code, 'SERVFAIL');
    up().answer = ({ name }) => ({ answers: [address(name, 60)] });
    down().answer = up().answer;
    assert.equal((await ask('b.example.com A')).code, 'SERVFAIL', 'for a second it is believed');
    await clock.advance(1_000);
    assert.equal((await ask('b.example.com A')).code, 'NOERROR');
    const said = log.lines.map(({ level, message }) => `${level}: ${message}`);
    assert.deepEqual(said, [
      'error: names outside of the cluster cannot be answered',
      'info: names outside of the cluster are answered again',
    ]);
  });

  it('whose answer is too long for UDP are asked for again by TCP', async () => {
    const all = (name: string) => Array.from({ length: 100 }, (_, i) => address(name, 60, `192.0.2.${i}`));
    up().answer = ({ name, over }) => (over === 'udp' ? { flags: TRUNCATED } : { answers: all(name) });
    const query = queryOf('long.example.com A');
    const answer = await forwarder.ask(query);
    const whole = shown(answer.reply(query, TCP_LIMIT));
    assert.deepEqual([whole.code, whole.answers.length], ['NOERROR', 100]);
    assert.deepEqual(
      up().asked.map(({ over }) => over),
      ['udp', 'tcp'],
    );
    const short = answer.reply(query, udpLimit(query));
    assert.ok(short.length <= 512);
    assert.equal(shown(short).code, 'NOERROR tc');
  });

  it('are asked for without EDNS where the server does not know it', async () => {
    up().answer = ({ name, packet }) =>
      packet.additionals?.length ? { rcode: RCODE.FORMERR } : { answers: [address(name, 60)] };
    assert.equal((await ask('old.example.com A')).code, 'NOERROR');
    assert.equal(down().asked.length, 0);
  });

  it('are not believed from an answer to another question, nor from one that breaks off', async () => {
    up().answer = ({ packet }) => {
      const other = question('evil.example.com A', { id: packet.id ?? 0 });
      other.writeUInt16BE(0x8180, 2);
      return other;
    };
    down().answer = ({ name }) => ({ answers: [address(name, 60)] });
    assert.deepEqual((await askOver('good.example.com A', 1)).answers, ['good.example.com 60 A 192.0.2.1']);
    up().answer = ({ packet, name }) => {
      const broken = question(`${name} A`, { id: packet.id ?? 0 });
      broken.writeUInt16BE(0x8180, 2);
      broken.writeUInt16BE(3, 6);
      return broken;
    };
    await clock.advance(10_000);
    assert.deepEqual((await ask('fine.example.com A')).answers, ['fine.example.com 60 A 192.0.2.1']);
  });

  it('of types that nobody here knows are passed on as they came', async () => {
    const data = Buffer.from('000100000100', 'hex');
    up().answer = ({ name }) => ({ answers: [{ type: 'UNKNOWN_65', name, ttl: 60, data } as unknown as DnsRecord] });
    assert.deepEqual((await ask('https.example.com 65')).answers, ['https.example.com 60 UNKNOWN_65 000100000100']);
  });
});

describe('kept answers', () => {
  it('take no more room than they may: those that were not asked for go first', () => {
    const cache = new AnswerCache(10_000);
    const answer = {} as Answer;
    for (let i = 0; i < 100; i++) {
      cache.get('name 0', 0);
      cache.set(`name ${i}`, answer, { until: 1, size: 488 });
    }
    assert.equal(cache.size, 10);
    assert.equal(cache.get('name 0', 0), answer);
    assert.equal(cache.get('name 50', 0), undefined);
    assert.equal(cache.get('name 99', 1), undefined, 'its time is over');
  });
});
