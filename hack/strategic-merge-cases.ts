/**
 * Writes test/unit/apiserver/patch/strategic-merge.golden.json: random Pods, random strategic merge patches, and what the real
 * kubectl makes of them (`kubectl patch --local`). Run by hand: `node hack/strategic-merge-cases.ts KUBECTL [SEED] [COUNT]`. The unit
 * tests only read its output.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isJsonObject, type Json, type JsonObject } from '../reconcilers/objects/json.ts';
import { SeededRandom } from '../test/fakes/seeded-random.ts';

export interface StrategicMergeCase {
  readonly object: JsonObject;
  readonly patch: JsonObject;
  readonly expected: JsonObject;
}

const CONTAINERS = ['a', 'b', 'c', 'd'];
const VARIABLES = ['A', 'B', 'C'];
const VOLUMES = ['u', 'v', 'w'];
const FINALIZERS = ['x/a', 'x/b', 'x/c', 'x/d'];

class Cases {
  readonly #random: SeededRandom;
  constructor(seed: number) {
    this.#random = new SeededRandom(seed);
  }

  object(): JsonObject {
    return {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: 'web',
        labels: { app: 'web', tier: 'front' },
        ...this.#maybe(0.6, { finalizers: this.#some(FINALIZERS) }),
      },
      spec: {
        containers: this.#some(CONTAINERS).map((name) => this.#container(name)),
        ...this.#maybe(0.6, { volumes: this.#some(VOLUMES).map((name) => this.#volume(name)) }),
        ...this.#maybe(0.5, { nodeSelector: { disk: 'ssd' } }),
        ...this.#maybe(0.5, { tolerations: [{ key: 'one' }] }),
        ...this.#maybe(0.3, { hostAliases: [{ ip: '1.1.1.1', hostnames: ['one'] }] }),
      },
    };
  }

  patch(): JsonObject {
    const containers: JsonObject[] = this.#some(CONTAINERS).map((name) => this.#containerPatch(name));
    const order = [...new Set([...containers.map(({ name }) => name as string), ...this.#some(CONTAINERS)])];
    // kubectl's order after a deletion depends on what Go left in the list's memory, so a patch orders or deletes, never both.
    const orders = order.length > 0 && this.#random.next() < 0.5;
    if (!orders && this.#random.next() < 0.4) containers.push({ name: this.#one(CONTAINERS), $patch: 'delete' });
    if (!orders && this.#random.next() < 0.2) containers.push({ $patch: 'replace' });
    const finalizers = this.#some(FINALIZERS);
    return {
      metadata: {
        ...this.#maybe(0.4, { finalizers }),
        // Which of the two comes first is chance in Go, so they never speak of the same value here.
        ...this.#maybe(0.3, {
          '$deleteFromPrimitiveList/finalizers': this.#some(FINALIZERS).filter((value) => !finalizers.includes(value)),
        }),
        ...this.#maybe(0.5, { labels: this.#one<Json>([{ tier: null }, { tier: 'back', zone: 'b' }, null]) }),
      },
      spec: {
        containers,
        ...this.#maybe(orders ? 1 : 0, { '$setElementOrder/containers': named(order) }),
        ...this.#maybe(0.5, { volumes: this.#some(VOLUMES).map((name) => this.#volumePatch(name)) }),
        ...this.#maybe(0.3, {
          nodeSelector: this.#one<Json>([null, { disk: null, cpu: 'fast' }, { $patch: 'delete' }]),
        }),
        ...this.#maybe(0.3, { tolerations: this.#one<Json>([[{ key: 'two' }], null, []]) }),
        ...this.#maybe(0.3, { hostAliases: [{ ip: this.#one(['1.1.1.1', '2.2.2.2']), hostnames: ['two'] }] }),
      },
    };
  }

  #container(name: string): JsonObject {
    return {
      name,
      image: this.#one(['web:1', 'web:2']),
      ...this.#maybe(0.5, { env: this.#variables() }),
      ...this.#maybe(0.4, { args: this.#some(['one', 'two', 'three']) }),
      ...this.#maybe(0.4, { ports: [80, 81].map((containerPort) => ({ containerPort, protocol: 'TCP' })) }),
      ...this.#maybe(0.3, { resources: { limits: { cpu: '1' } } }),
    };
  }

  #containerPatch(name: string): JsonObject {
    const { image, ...container } = this.#container(name);
    const env = container.env as JsonObject[] | undefined;
    const order = [...new Set([...(env ?? []).map((variable) => variable.name as string), ...this.#some(VARIABLES)])];
    const orders = order.length > 0 && this.#random.next() < 0.4;
    if (!orders && this.#random.next() < 0.4) env?.push({ name: this.#one(VARIABLES), $patch: 'delete' });
    return {
      ...container,
      ...this.#maybe(0.5, { image }),
      ...this.#maybe(0.2, { args: null }),
      ...this.#maybe(orders ? 1 : 0, { '$setElementOrder/env': named(order) }),
    };
  }

  #variables(): JsonObject[] {
    return this.#some(VARIABLES).map((name) => ({ name, value: this.#one(['1', '2']) }));
  }

  #volume(name: string): JsonObject {
    return {
      name,
      ...this.#one<JsonObject>([
        { emptyDir: {} },
        { hostPath: { path: '/data' } },
        { configMap: { name: 'settings' } },
      ]),
    };
  }

  #volumePatch(name: string): JsonObject {
    const volume = this.#volume(name);
    return { ...volume, $retainKeys: Object.keys(volume) };
  }

  #one<T>(values: readonly T[]): T {
    return values[Math.floor(this.#random.next() * values.length)] as T;
  }

  #some<T>(values: readonly T[]): T[] {
    const picked = values.filter(() => this.#random.next() < 0.6).map((value) => ({ value, at: this.#random.next() }));
    return picked.toSorted((a, b) => a.at - b.at).map(({ value }) => value);
  }

  #maybe(chance: number, members: JsonObject): JsonObject {
    return this.#random.next() < chance ? members : {};
  }
}

function named(names: string[]): JsonObject[] {
  return names.map((name) => ({ name }));
}

/** What `kubectl patch --local` leaves for the server's decoding to drop: nulls, and directives that had nothing to act on. */
function decoded(value: Json): Json {
  if (Array.isArray(value))
    return value.filter((item) => !isJsonObject(item) || item.$patch === undefined).map(decoded);
  if (!isJsonObject(value)) return value;
  const kept = Object.entries(value).filter(([key, member]) => !key.startsWith('$') && member !== null);
  return Object.fromEntries(kept.map(([key, member]) => [key, decoded(member ?? null)]));
}

function patchedByKubectl(kubectl: string, object: JsonObject, patch: JsonObject): JsonObject | undefined {
  const file = join(mkdtempSync(join(tmpdir(), 'strategic-')), 'object.json');
  writeFileSync(file, JSON.stringify(object));
  const args = ['patch', '--local', '-f', file, '--type', 'strategic', '-o', 'json', '-p', JSON.stringify(patch)];
  const { status, stdout } = spawnSync(kubectl, args, { encoding: 'utf8' });
  return status === 0 ? (decoded(JSON.parse(stdout) as Json) as JsonObject) : undefined;
}

if (import.meta.main) {
  const [kubectl = 'kubectl', seed = '1', count = '60'] = process.argv.slice(2);
  const cases = new Cases(Number(seed));
  const written: StrategicMergeCase[] = [];
  while (written.length < Number(count)) {
    const [object, patch] = [cases.object(), cases.patch()];
    const expected = patchedByKubectl(kubectl, object, patch);
    if (expected !== undefined) written.push({ object, patch, expected });
  }
  const lines = written.map((entry) => JSON.stringify(entry)).join(',\n');
  const target = new URL('../test/unit/apiserver/patch/strategic-merge.golden.json', import.meta.url);
  writeFileSync(target, `[\n${lines}\n]\n`);
  process.stdout.write(`${written.length} cases written\n`);
}
