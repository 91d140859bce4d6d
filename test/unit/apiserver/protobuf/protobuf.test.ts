import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import protobuf from 'protobufjs/minimal.js';
import { decodeProtobuf } from '../../../../daemon/apiserver/protobuf/decode-protobuf.ts';
import { type CapturedBody, POD } from '../../../../hack/capture-kubectl-bodies.ts';
import { isJsonObject, type Json, type JsonObject } from '../../../../reconcilers/objects/json.ts';
import { isSampanError } from '../../../../reconcilers/ports/errors.ts';
import { SeededRandom } from '../../../fakes/seeded-random.ts';

const VERSIONS = ['1.32', '1.33'];
const captured = new Map(
  VERSIONS.map((version) => {
    const text = readFileSync(join(import.meta.dirname, `kubectl-bodies-${version}.json`), 'utf8');
    return [version, JSON.parse(text) as CapturedBody[]];
  }),
);

function bodyOf(command: RegExp, version = '1.32'): JsonObject {
  const found = captured.get(version)?.find((entry) => command.test(entry.command));
  assert.ok(found, `${command} was captured`);
  return decodeProtobuf(Buffer.from(found.body, 'base64')).object;
}

/** kubectl prints zero times as null, and what is not set yet as `{}`. */
function withoutNulls(value: Json): Json {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isJsonObject(value)) return value;
  const members = Object.entries(value).filter(([, member]) => member !== null);
  return Object.fromEntries(members.map(([key, member]) => [key, withoutNulls(member ?? null)]));
}

describe('a protobuf body of kubectl', () => {
  for (const [version, bodies] of captured) {
    for (const { command, body, json } of bodies) {
      if (json === undefined) continue;
      it(`${version} ${command}: is the object that kubectl prints`, () => {
        const { apiVersion, kind, object } = decodeProtobuf(Buffer.from(body, 'base64'));
        const expected = withoutNulls(json as Json) as JsonObject;
        assert.deepEqual([apiVersion, kind], [expected.apiVersion, expected.kind]);
        assert.deepEqual(withoutNulls({ ...object, metadata: withoutNamespace(object) }), {
          ...expected,
          metadata: withoutNamespace(expected),
        });
      });
    }
  }

  it('brings a Pod through unharmed, zeros and empty values included', () => {
    const copy = bodyOf(/^debug /) as unknown as typeof POD;
    const [container, ...others] = copy.spec.containers;
    assert.deepEqual({ ...copy.spec, containers: [container] }, POD.spec);
    assert.deepEqual(
      others.map(({ name, image }) => [name, image]),
      [['debugger', 'busybox']],
    );
  });

  it('asks for a token, for one that is allowed, and for who one is', () => {
    assert.deepEqual(bodyOf(/^create token/).spec, {
      audiences: ['api'],
      boundObjectRef: { kind: 'Pod', apiVersion: 'v1', name: 'web', uid: 'u1' },
      expirationSeconds: 600,
    });
    assert.deepEqual(bodyOf(/^auth can-i list/).spec, {
      resourceAttributes: { namespace: 'team', verb: 'list', resource: 'pods', subresource: 'log' },
    });
    assert.equal(bodyOf(/^auth whoami/).kind, 'SelfSubjectReview');
  });

  it('deletes with options', () => {
    assert.deepEqual(bodyOf(/^drain /), { apiVersion: 'v1', kind: 'DeleteOptions', gracePeriodSeconds: 0 });
  });
});

/** `--dry-run` fills the namespace in, a request has it in its path. */
function withoutNamespace(object: JsonObject): JsonObject {
  const { namespace: _, ...metadata } = object.metadata as JsonObject;
  return metadata;
}

/** An envelope around a message that `write` fills. */
function envelope(apiVersion: string, kind: string, write: (writer: protobuf.Writer) => void): Buffer {
  const message = protobuf.Writer.create();
  write(message);
  const unknown = protobuf.Writer.create();
  unknown.uint32(10).fork().uint32(10).string(apiVersion).uint32(18).string(kind).ldelim();
  unknown.uint32(18).bytes(message.finish());
  return Buffer.concat([Buffer.from([0x6b, 0x38, 0x73, 0]), unknown.finish()]);
}

/** The field's tag: its number and wire type. */
function tag(number: number, wireType = 2): number {
  return (number << 3) | wireType;
}

describe('decodeProtobuf', () => {
  it('reads the times of a Lease with microseconds, and its numbers', () => {
    const body = envelope('coordination.k8s.io/v1', 'Lease', (lease) => {
      lease.uint32(tag(1)).fork().uint32(tag(1)).string('node1').ldelim();
      const spec = lease.uint32(tag(2)).fork();
      spec.uint32(tag(1)).string('node1').uint32(tag(2, 0)).int32(40);
      spec.uint32(tag(4)).fork().uint32(tag(1, 0)).int64(1_767_323_045).uint32(tag(2, 0)).int32(12_345_678).ldelim();
      spec.uint32(tag(5, 0)).int32(0).ldelim();
    });
    assert.deepEqual(decodeProtobuf(body).object, {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name: 'node1' },
      spec: {
        holderIdentity: 'node1',
        leaseDurationSeconds: 40,
        renewTime: '2026-01-02T03:04:05.012345Z',
        leaseTransitions: 0,
      },
    });
  });

  it('reads managed fields, resource versions and empty times of metadata', () => {
    const fields = { 'f:data': { '.': {}, 'f:a': {} } };
    const body = envelope('v1', 'ConfigMap', (configMap) => {
      const metadata = configMap.uint32(tag(1)).fork().uint32(tag(1)).string('a').uint32(tag(4)).string('');
      metadata.uint32(tag(8)).bytes(new Uint8Array()).uint32(tag(6)).string('17');
      const entry = metadata.uint32(tag(17)).fork().uint32(tag(1)).string('kubectl').uint32(tag(2)).string('Apply');
      entry.uint32(tag(4)).fork().uint32(tag(1, 0)).int64(1_767_323_045).ldelim();
      entry
        .uint32(tag(7))
        .fork()
        .uint32(tag(1))
        .bytes(Buffer.from(JSON.stringify(fields)))
        .ldelim();
      entry.ldelim();
      metadata.ldelim();
    });
    assert.deepEqual(decodeProtobuf(body).object.metadata, {
      name: 'a',
      resourceVersion: '17',
      managedFields: [{ manager: 'kubectl', operation: 'Apply', time: '2026-01-02T03:04:05Z', fieldsV1: fields }],
    });
  });

  it('skips what it does not know, and keeps off the prototype', () => {
    const body = envelope('v1', 'ConfigMap', (configMap) => {
      configMap.uint32(tag(99)).string('later').uint32(tag(98, 0)).int32(1);
      configMap.uint32(tag(2)).fork().uint32(tag(1)).string('__proto__').uint32(tag(2)).string('x').ldelim();
    });
    const { data } = decodeProtobuf(body).object;
    assert.deepEqual(Object.entries(data as JsonObject), [['__proto__', 'x']]);
    assert.equal(({} as JsonObject).x, undefined);
  });

  const refused: [string, Buffer][] = [
    ['no kind "Pot" is registered for version "v1"', envelope('v1', 'Pot', () => undefined)],
    ['no kind "Time" is registered for version "v1"', envelope('v1', 'Time', () => undefined)],
    ['no kind "" is registered for version ""', Buffer.from([0x6b, 0x38, 0x73, 0])],
    ['provided data does not appear to be a protobuf message', Buffer.from('{}')],
    ['wire type 0 for a field of type string', envelope('v1', 'Event', (event) => event.uint32(tag(3, 0)).int32(1))],
    [
      'no time',
      envelope('v1', 'Event', (event) =>
        event.uint32(tag(6)).fork().uint32(tag(1, 0)).int64(Number.MAX_SAFE_INTEGER).ldelim(),
      ),
    ],
  ];
  for (const [message, body] of refused) {
    it(`is refused with 400: ${message}`, () => {
      assert.throws(
        () => decodeProtobuf(body),
        (error) => isSampanError(error, 'BadRequest') && error.message.includes(message),
      );
    });
  }

  it('answers garbage with an object or BadRequest, whatever it is', () => {
    const seed = 20_261_124;
    const random = new SeededRandom(seed);
    const bodies = [...captured.values()].flat().map(({ body }) => Buffer.from(body, 'base64'));
    for (let i = 0; i < 3000; i++) {
      const body = Buffer.from(bodies[i % bodies.length] ?? []);
      const cut = body.subarray(0, random.next() < 0.3 ? Math.floor(random.next() * body.length) : body.length);
      const flips = Math.floor(random.next() * 4);
      for (let flip = 0; flip < flips && cut.length > 4; flip++) {
        cut[4 + Math.floor(random.next() * (cut.length - 4))] = Math.floor(random.next() * 256);
      }
      try {
        assert.equal(typeof decodeProtobuf(cut).object, 'object');
      } catch (error) {
        assert.ok(isSampanError(error, 'BadRequest'), `seed ${seed}, round ${i}: ${String(error)}`);
      }
    }
  });
});
