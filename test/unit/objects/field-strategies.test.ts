/** The table of field strategies, held against the official client's types: a misspelt entry would silently do nothing. */
import assert from 'node:assert/strict';
import * as client from '@kubernetes/client-node';
import { ATOMIC_TYPES, FIELD_STRATEGIES, strategyOf } from '../../../reconcilers/objects/field-strategies.ts';

interface Attribute {
  readonly baseName: string;
  readonly type: string;
}

function attributesOf(type: string): readonly Attribute[] {
  const models = client as unknown as Record<string, { getAttributeTypeMap?: () => Attribute[] }>;
  const model = models[`V1${type}`] ?? models[`CoreV1${type}`] ?? models[type];
  assert.ok(model?.getAttributeTypeMap, `the client has no type ${type}`);
  return model.getAttributeTypeMap();
}

describe('the field strategies', () => {
  for (const [type, fields] of Object.entries(FIELD_STRATEGIES)) {
    it(`name fields that ${type} has, and keys that their items have`, () => {
      for (const [field, { patch, mergeKey, apply, keyDefaults }] of Object.entries(fields)) {
        const attribute = attributesOf(type).find(({ baseName }) => baseName === field);
        assert.ok(attribute, `${type}.${field}`);
        const item = /^Array<(.*)>$/.exec(attribute.type)?.[1];
        const keys = [
          ...(mergeKey === undefined ? [] : [mergeKey]),
          ...(Array.isArray(apply) ? (apply as string[]) : []),
        ];
        if (patch === 'merge' || apply === 'set' || keys.length > 0) assert.ok(item, `${type}.${field} is a list`);
        for (const key of [...keys, ...Object.keys(keyDefaults ?? {})]) {
          assert.ok(
            attributesOf(item ?? '').some(({ baseName }) => baseName === key),
            `${type}.${field}: ${key}`,
          );
        }
        if (Array.isArray(apply))
          assert.deepEqual(
            apply,
            [...(apply as string[])].toSorted((a, b) => (a < b ? -1 : 1)),
          );
      }
    });
  }

  it('name atomic types that there are', () => {
    for (const type of ATOMIC_TYPES) {
      if (type !== 'CrossVersionObjectReference') assert.ok(attributesOf(type).length > 0);
    }
  });

  it("count a template's metadata as an object's", () => {
    assert.equal(strategyOf('PodTemplateMeta', 'finalizers'), strategyOf('ObjectMeta', 'finalizers'));
    assert.deepEqual(strategyOf('Pod', 'constructor'), {});
  });
});
