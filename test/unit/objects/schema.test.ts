import assert from 'node:assert/strict';
import { generateSchema } from '../../../hack/generate-schema.ts';
import schema from '../../../reconcilers/objects/schema.generated.json' with { type: 'json' };
import { fieldsOfType } from '../../../reconcilers/objects/schema.ts';
import { SUPPORTED_FIELDS } from '../../../reconcilers/objects/supported-fields.ts';

describe('the schema', () => {
  it('is what hack/generate-schema.ts makes of the installed client', function () {
    this.timeout(30_000);
    assert.deepEqual(generateSchema(), schema);
  });

  for (const [type, { honoured, sameAsAbsent = {}, leftOut = [] }] of Object.entries(SUPPORTED_FIELDS)) {
    it(`knows every field that the table of supported ones names of ${type}`, () => {
      const known = Object.keys(fieldsOfType(type) ?? {});
      for (const field of [...honoured, ...Object.keys(sameAsAbsent), ...leftOut]) {
        assert.ok(known.includes(field), `${type}.${field}`);
      }
    });
  }
});
