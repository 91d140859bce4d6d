/** What is sent to the server, questions or not: what is read out of it, and that every reply fits and repeats its question. */
import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { decode } from 'dns-packet';
import { type Answer, TCP_LIMIT, udpLimit } from '../../../daemon/dns/answer.ts';
import { RCODE } from '../../../daemon/dns/codec.ts';
import { PreparedAnswer } from '../../../daemon/dns/prepared-answer.ts';
import type { Query } from '../../../daemon/dns/query.ts';
import { Resolver } from '../../../daemon/dns/resolver.ts';
import type { Zone } from '../../../daemon/dns/zone/zone.ts';
import { SeededRandom } from '../../fakes/seeded-random.ts';
import { type Asked, question, shown } from './dns-client.ts';

const MANY = 'many.example';
const many: Zone = {
  covers: (name) => name === MANY,
  lookup: () => ({
    rcode: RCODE.NOERROR,
    answers: Array.from({ length: 40 }, (_, i) => ({ type: 'A', name: MANY, ttl: 5, data: `10.244.1.${i}` }) as const),
    authorities: [],
    additionals: Array.from(
      { length: 40 },
      (_, i) => ({ type: 'A', name: `x${i}.${MANY}`, ttl: 5, data: '10.0.0.1' }) as const,
    ),
  }),
};
const KNOWN = new PreparedAnswer({ rcode: 0, authoritative: false, answers: [] });

function reply(packet: Buffer, limitOf: (query: Query) => number = udpLimit, forward: () => Answer = () => KNOWN) {
  const answer = new Resolver({ zones: [many], forward }).reply(packet, limitOf);
  assert.ok(!(answer instanceof Promise));
  return answer;
}

function codeOf(packet: Buffer): string | undefined {
  const answer = reply(packet);
  return answer && shown(answer).code;
}

const changed = (change: (packet: Buffer) => void, asked?: Asked) => {
  const packet = question(`${MANY} A`, asked);
  change(packet);
  return packet;
};

describe('questions to the DNS server', () => {
  it('are refused by a code where they are none', () => {
    assert.equal(codeOf(changed((packet) => packet.writeUInt16BE(0, 4))), 'FORMERR', 'no question');
    assert.equal(codeOf(changed((packet) => packet.writeUInt16BE(2, 4))), 'FORMERR', 'two questions');
    assert.equal(
      codeOf(changed((packet) => packet.writeUInt16BE(0xc00c, 12))),
      'FORMERR',
      'a name that points to itself',
    );
    assert.equal(codeOf(question(`${MANY} A`).subarray(0, -3)), 'FORMERR', 'a question that breaks off');
    assert.equal(codeOf(changed((packet) => packet.writeUInt16BE(1, 10))), 'FORMERR', 'a record that is not there');
    assert.equal(codeOf(changed((packet) => packet.writeUInt16BE(0x2800, 2))), 'NOTIMP', 'a dynamic update');
    assert.equal(codeOf(changed((packet) => packet.writeUInt16BE(3, packet.length - 2))), 'REFUSED', 'class CHAOS');
  });

  it('get no reply where they are answers themselves, or too short to be asked back', () => {
    assert.equal(reply(changed((packet) => packet.writeUInt16BE(0x8000, 2))), undefined);
    assert.equal(reply(Buffer.alloc(11)), undefined);
  });

  it('of a version of EDNS to come are told which is known', () => {
    const answer = reply(changed((packet) => packet.writeUInt8(1, packet.length - 5), { udpPayloadSize: 4096 }));
    assert.ok(answer);
    const [opt] = decode(answer).additionals ?? [];
    assert.ok(opt?.type === 'OPT');
    assert.deepEqual([opt.extendedRcode, opt.ednsVersion], [1, 0]);
  });

  it('with two records of EDNS are refused', () => {
    const twice = Buffer.concat([
      question(`${MANY} A`, { udpPayloadSize: 4096 }),
      Buffer.from([0, 0, 41, 16, 0, 0, 0, 0, 0, 0, 0]),
    ]);
    twice.writeUInt16BE(2, 10);
    assert.equal(codeOf(twice), 'FORMERR');
  });

  it('about labels that only look like names of the cluster go elsewhere', () => {
    const packet = question('xxxx.example A');
    packet.write('many.example', 13, 'latin1');
    packet[12] = 'many.example'.length;
    packet[25] = 0;
    let asked = 0;
    reply(packet, udpLimit, () => {
      asked += 1;
      return KNOWN;
    });
    assert.equal(asked, 1);
  });
});

describe('replies of the DNS server', () => {
  it('have as much as fits, and say so where that is not all', () => {
    for (const [udpPayloadSize, most, answers] of [
      [undefined, 512, 30],
      [100, 512, 29],
      [900, 900, 40],
      [65_535, 1232, 40],
    ] as const) {
      const answer = reply(question(`${MANY} A`, udpPayloadSize === undefined ? {} : { udpPayloadSize }));
      assert.ok(answer && answer.length <= most, `${udpPayloadSize}: ${answer?.length}`);
      const { code, answers: given } = shown(answer);
      assert.deepEqual(
        [code, given.length],
        [answers < 40 ? 'NOERROR aa tc' : 'NOERROR aa', answers],
        `${udpPayloadSize}`,
      );
    }
  });

  it('are whole over TCP', () => {
    const answer = reply(question(`${MANY} A`), () => TCP_LIMIT);
    assert.ok(answer);
    assert.deepEqual(shown(answer).code, 'NOERROR aa');
    assert.equal(shown(answer).answers.length, 40);
  });

  it('repeat id and question letter by letter', () => {
    const asked = question('mAnY.eXample A', { id: 99 });
    const answer = reply(asked);
    assert.ok(answer);
    assert.equal(answer.readUInt16BE(0), 99);
    assert.deepEqual(answer.subarray(12, asked.length), asked.subarray(12));
    assert.match(shown(answer).answers[0] ?? '', /^mAnY\.eXample 5 A /);
  });

  it('come to whatever bytes, and can be read', () => {
    const seed = Number(process.env.FUZZ_SEED ?? randomInt(2 ** 31));
    const random = new SeededRandom(seed);
    const below = (n: number) => Math.floor(random.next() * n);
    const limit = (query: Query) => udpLimit(query);
    for (let round = 0; round < 20_000; round++) {
      const whole = question(
        `${MANY} ${['A', 'SRV', '65'][below(3)]}`,
        below(2) === 0 ? {} : { udpPayloadSize: below(65_536) },
      );
      let packet = below(10) === 0 ? Buffer.from(Array.from({ length: below(80) }, () => below(256))) : whole;
      for (let flips = below(6); flips > 0 && packet.length > 0; flips--) packet[below(packet.length)] = below(256);
      if (below(4) === 0) packet = packet.subarray(0, below(packet.length + 1));
      try {
        const answer = reply(packet, limit);
        if (answer === undefined) continue;
        assert.ok(answer.length <= 1232);
        assert.equal(answer.readUInt16BE(0), packet.readUInt16BE(0));
        decode(answer);
      } catch (cause) {
        throw new Error(`FUZZ_SEED=${seed}, round ${round}: ${packet.toString('hex')}`, { cause });
      }
    }
  }).timeout(20_000);
});
