/** Laws that hold for any objects and managers, tried on random ones; a failure names its seed. */
import assert from 'node:assert/strict';
import { type Json, type JsonObject, textOf } from '../../../../reconcilers/objects/json.ts';
import { type ApplyResult, applyServerSide } from '../../../../reconcilers/objects/managed-fields/apply.ts';
import { compareObjects, isSame } from '../../../../reconcilers/objects/managed-fields/compare.ts';
import {
  difference,
  equalSets,
  type FieldSet,
  intersection,
  pathsOf,
  union,
  without,
} from '../../../../reconcilers/objects/managed-fields/field-set.ts';
import { parseFieldsV1, printFieldsV1 } from '../../../../reconcilers/objects/managed-fields/fields-v1.ts';
import { readManagers } from '../../../../reconcilers/objects/managed-fields/managers.ts';
import { serverFields } from '../../../../reconcilers/objects/managed-fields/own-fields.ts';
import { setOf } from '../../../../reconcilers/objects/managed-fields/set-of-object.ts';
import { structureOf } from '../../../../reconcilers/objects/managed-fields/structure.ts';
import { trackUpdate } from '../../../../reconcilers/objects/managed-fields/track-update.ts';
import { SeededRandom } from '../../../fakes/seeded-random.ts';

const ROUNDS = 150;
const POD = structureOf('Pod');

class Objects {
  readonly #random: SeededRandom;
  constructor(seed: number) {
    this.#random = new SeededRandom(seed);
  }

  /**
   * A Pod configuration of some of the fields; `values` are what scalars are picked from. No object is empty: one that is counts as a
   * value of its own.
   */
  pod(values: readonly string[], share = 0.5): JsonObject {
    const labels = Object.fromEntries(this.#some(['a', 'b', 'c'], share).map((key) => [key, this.#one(values)]));
    return {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: 'web',
        ...this.#maybe(Object.keys(labels).length === 0 ? 0 : share, { labels }),
        ...this.#maybe(share, { finalizers: this.#some(['x/a', 'x/b', 'x/c'], share) }),
      },
      spec: {
        dnsPolicy: 'Default',
        ...this.#maybe(0.9, {
          containers: this.#some(['web', 'log'], 0.7).map((name) => this.#container(name, values, share)),
        }),
        ...this.#maybe(share, { nodeSelector: { disk: this.#one(values) } }),
        ...this.#maybe(share, { tolerations: [{ key: this.#one(values) }] }),
        ...this.#maybe(share, { volumes: this.#some(['v', 'w'], share).map((name) => ({ name, emptyDir: {} })) }),
        ...this.#maybe(share, { securityContext: { fsGroupChangePolicy: this.#one(values) } }),
      },
    };
  }

  #container(name: string, values: readonly string[], share: number): JsonObject {
    const env = this.#some(['A', 'B', 'C'], share).map((variable) => ({ name: variable, value: this.#one(values) }));
    const ports = this.#some([80, 81], share).map((containerPort) => ({
      containerPort,
      protocol: this.#one(['TCP', 'UDP']),
    }));
    return {
      name,
      ...this.#maybe(share, { image: this.#one(values) }),
      ...this.#maybe(share, { args: this.#some(values, share) }),
      ...this.#maybe(share, { env }),
      ...this.#maybe(share, { ports }),
      ...this.#maybe(share, { resources: { limits: { cpu: '1' } } }),
    };
  }

  #one<T>(values: readonly T[]): T {
    return values[Math.floor(this.#random.next() * values.length)] as T;
  }

  #some<T>(values: readonly T[], share: number): T[] {
    return values.filter(() => this.#random.next() < share);
  }

  #maybe(share: number, members: JsonObject): JsonObject {
    return this.#random.next() < share ? members : {};
  }
}

function apply(live: JsonObject | undefined, applied: JsonObject, manager: string, force = false): ApplyResult {
  const time = '2026-01-02T03:04:05Z';
  return applyServerSide({ type: 'Pod', hasStatus: true, live, applied, manager, apiVersion: 'v1', force, time });
}

function applied(live: JsonObject | undefined, config: JsonObject, manager: string, force = false): JsonObject {
  const result = apply(live, config, manager, force);
  assert.ok('object' in result, JSON.stringify(result));
  return result.object;
}

function ownedBy(object: JsonObject, manager: string): FieldSet {
  const owners = [...(readManagers(object)?.values() ?? [])].filter((owner) => owner.manager === manager);
  return owners.map(({ fields }) => fields).reduce(union, new Map());
}

/** Values by path, of the fields in the set. */
function valuesOf(object: JsonObject, set: FieldSet): Map<string, string> {
  const values = new Map<string, string>();
  const wanted = new Set(pathsOf(set));
  const walk = (value: Json | undefined, path: string): void => {
    if (wanted.has(path)) values.set(path, JSON.stringify(value));
    if (Array.isArray(value)) {
      for (const item of value) {
        const { name, containerPort, protocol } = (typeof item === 'object' ? item : {}) as JsonObject;
        const key =
          containerPort === undefined
            ? `name=${JSON.stringify(name)}`
            : `containerPort=${textOf(containerPort)},protocol=${JSON.stringify(protocol)}`;
        walk(item, typeof item === 'string' ? `${path}[=${JSON.stringify(item)}]` : `${path}[${key}]`);
      }
    } else if (typeof value === 'object' && value !== null) {
      for (const [name, member] of Object.entries(value)) walk(member, `${path}.${name}`);
    }
  };
  walk(object, '');
  return values;
}

function forEachSeed(check: (objects: Objects) => void): void {
  for (let seed = 1; seed <= ROUNDS; seed++) {
    try {
      check(new Objects(seed));
    } catch (error) {
      throw new Error(`seed ${seed}: ${(error as Error).message}`, { cause: error });
    }
  }
}

describe('for any objects', () => {
  it('printing and parsing a set gives the set', () => {
    forEachSeed((objects) => {
      const set = setOf(objects.pod(['1', '2']), POD);
      const printed = JSON.parse(JSON.stringify(printFieldsV1(set))) as JsonObject;
      const parsed = parseFieldsV1(printed);
      assert.ok(parsed !== undefined && equalSets(parsed, set));
    });
  });

  it('sets obey the laws of sets', () => {
    forEachSeed((objects) => {
      const [a, b] = [setOf(objects.pod(['1']), POD), setOf(objects.pod(['1']), POD)];
      const [all, both, rest] = [union(a, b), intersection(a, b), difference(a, b)];
      assert.ok(equalSets(union(rest, both), a), 'what is left and what is shared make the whole');
      assert.ok(equalSets(intersection(rest, b), new Map()), 'what is left shares nothing');
      assert.ok(equalSets(all, union(b, a)) && equalSets(difference(all, a), difference(b, a)));
      assert.equal(without(a, a).size, 0);
      assert.deepEqual(pathsOf(all).toSorted(), [...new Set([...pathsOf(a), ...pathsOf(b)])].toSorted());
    });
  });

  it('nothing differs from itself, and what differs one way differs the other way round', () => {
    forEachSeed((objects) => {
      const [a, b] = [objects.pod(['1', '2']), objects.pod(['1', '2'])];
      assert.ok(isSame(compareObjects(a, structuredClone(a), POD)));
      const [there, back] = [compareObjects(a, b, POD), compareObjects(b, a, POD)];
      assert.deepEqual(pathsOf(there.modified), pathsOf(back.modified));
      assert.deepEqual(pathsOf(there.added), pathsOf(back.removed));
    });
  });

  it('applying twice writes once', () => {
    forEachSeed((objects) => {
      const config = objects.pod(['1', '2']);
      const live = applied(applied(undefined, objects.pod(['1', '2']), 'other'), config, 'self', true);
      assert.equal(applied(live, config, 'self'), live);
    });
  });

  it('who applies owns all it applied, and the object says what was applied', () => {
    forEachSeed((objects) => {
      const config = objects.pod(['1', '2']);
      const live = applied(applied(undefined, objects.pod(['1', '2']), 'other'), config, 'self', true);
      const wanted = difference(setOf(config, POD), serverFields());
      assert.ok(equalSets(ownedBy(live, 'self'), wanted));
      assert.deepEqual(valuesOf(live, leavesOf(wanted)), valuesOf(config, leavesOf(wanted)));
    });
  });

  it('an apply without conflict leaves what others own as it is', () => {
    forEachSeed((objects) => {
      const live = applied(undefined, objects.pod(['1', '2']), 'other');
      const theirs = ownedBy(live, 'other');
      const result = apply(live, objects.pod(['1', '2']), 'self');
      if ('conflicts' in result) return;
      assert.ok(equalSets(ownedBy(result.object, 'other'), theirs));
      assert.deepEqual(valuesOf(result.object, leavesOf(theirs)), valuesOf(live, leavesOf(theirs)));
    });
  });

  it('managers that agree on every value they share never conflict', () => {
    forEachSeed((objects) => {
      let live: JsonObject | undefined;
      for (const manager of ['a', 'b', 'c', 'a', 'b']) {
        const config = withoutWholes(objects.pod(['1']));
        live = applied(live, config, manager);
      }
    });
  });

  it('who lets go of everything leaves nothing that only it had', () => {
    forEachSeed((objects) => {
      const theirs = withoutWholes(objects.pod(['1']));
      const alone = applied(undefined, theirs, 'other');
      const shared = applied(alone, withoutWholes(objects.pod(['1'])), 'self');
      const { apiVersion, kind } = theirs;
      const left = applied(shared, { apiVersion, kind, metadata: { name: 'web' } } as JsonObject, 'self');
      assert.deepEqual(
        pathsOf(leavesOf(setOf(left, POD)))
          .filter((path) => !path.startsWith('.metadata.managedFields'))
          .toSorted(),
        pathsOf(leavesOf(setOf(theirs, POD))).toSorted(),
      );
    });
  });

  it('an update takes exactly what it changed', () => {
    forEachSeed((objects) => {
      const [before, after] = [objects.pod(['1', '2']), objects.pod(['1', '2'])];
      const writer = (manager: string) => ({ manager, apiVersion: 'v1', time: '2026-01-02T03:04:05Z' });
      const created = trackUpdate({ type: 'Pod', hasStatus: true, before: undefined, after: before }, writer('a'));
      const live = { ...before, metadata: { ...(before.metadata as JsonObject), managedFields: created ?? [] } };
      const managedFields = trackUpdate({ type: 'Pod', hasStatus: true, before: live, after }, writer('b')) ?? [];
      const next = { ...after, metadata: { ...(after.metadata as JsonObject), managedFields } };
      const { added, modified } = compareObjects(before, after, POD);
      assert.ok(equalSets(ownedBy(next, 'b'), union(added, modified)));
      assert.equal(intersection(ownedBy(next, 'a'), ownedBy(next, 'b')).size, 0);
    });
  });
});

/** Without the nodes that have children: those are owned as well by who owns something in them. */
function leavesOf(set: FieldSet): FieldSet {
  return new Map(
    [...set].map(([element, { children }]) => [element, { owned: children.size === 0, children: leavesOf(children) }]),
  );
}

/** Lists that are one value differ as soon as their items do; two managers agree on them only where they are left out. */
function withoutWholes(pod: JsonObject): JsonObject {
  const { containers, ...spec } = pod.spec as { containers?: JsonObject[] };
  const bare = containers?.map(({ args: _, ...container }) => container);
  return { ...pod, spec: { ...spec, ...(bare !== undefined && { containers: bare }) } };
}
