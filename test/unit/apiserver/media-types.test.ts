import assert from 'node:assert/strict';
import { formatMediaType, negotiate } from '../../../daemon/apiserver/media-types.ts';
import { isSampanError } from '../../../reconcilers/ports/errors.ts';

const PLAIN = { type: 'application/json' };
const V2 = { type: 'application/json', g: 'apidiscovery.k8s.io', v: 'v2', as: 'APIGroupDiscoveryList' };
const BETA = { ...V2, v: 'v2beta1' };
const OFFERS = [PLAIN, V2, BETA];

const AS_V2 = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
const AS_BETA = AS_V2.replace('v=v2', 'v=v2beta1');

describe('content negotiation', () => {
  const cases: [string | undefined, object, string][] = [
    [undefined, PLAIN, 'no header accepts everything'],
    ['', PLAIN, 'an empty header accepts everything'],
    ['*/*', PLAIN, 'a wildcard asks for no conversion'],
    ['application/*', PLAIN, 'a wildcard of subtypes'],
    [`${AS_V2},${AS_BETA},application/json`, V2, 'kubectl since 1.30'],
    [`${AS_BETA},application/json`, BETA, 'kubectl before 1.30'],
    ['application/json', PLAIN, 'no conversion is asked for'],
    [`application/json;q=0.2,${AS_BETA};q=0.5`, BETA, 'the higher q-value comes first'],
    [`${AS_V2};q=0,application/json`, PLAIN, 'a q-value of 0 accepts nothing'],
    ['application/json; as=APIGroupDiscoveryList; v=v2; g=apidiscovery.k8s.io', V2, 'parameters in any order'],
    [
      `application/json;as=APIGroupDiscoveryList;v=v3;g=apidiscovery.k8s.io,application/json`,
      PLAIN,
      'an unknown version',
    ],
    ['application/vnd.kubernetes.protobuf,application/json', PLAIN, 'the first that is on offer'],
    ['*/*;q=0.1,APPLICATION/JSON;charset=utf-8', PLAIN, 'other parameters and letter case do not matter'],
    [`*/*,${AS_V2}`, V2, 'what is named goes before a wildcard'],
  ];
  for (const [accept, expected, because] of cases) {
    it(`takes ${because}`, () => assert.equal(negotiate(accept, OFFERS), expected));
  }

  it('refuses where nothing on offer is accepted, and says what there is', () => {
    assert.throws(
      () => negotiate('application/yaml, application/json;as=Table;v=v1;g=meta.k8s.io', OFFERS),
      (error) =>
        isSampanError(error, 'NotAcceptable') &&
        error.message === `only the following media types are accepted: application/json, ${AS_V2}, ${AS_BETA}`,
    );
  });

  it('writes the parameters back', () => {
    assert.equal(formatMediaType(PLAIN), 'application/json');
    assert.equal(formatMediaType(V2), AS_V2);
  });
});
