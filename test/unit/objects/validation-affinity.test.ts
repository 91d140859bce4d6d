import assert from 'node:assert/strict';
import { applyDefaults } from '../../../reconcilers/objects/defaults.ts';
import type { JsonObject } from '../../../reconcilers/objects/json.ts';
import type { Pod, PodTemplateSpec } from '../../../reconcilers/objects/pod.ts';
import { podTemplateHash } from '../../../reconcilers/objects/pod-template-hash.ts';
import { validateObject, validateUpdate } from '../../../reconcilers/objects/validation.ts';
import { podSpec } from '../../fakes/objects.ts';

const REQUIRED = 'requiredDuringSchedulingIgnoredDuringExecution';
const PREFERRED = 'preferredDuringSchedulingIgnoredDuringExecution';
const NOT_A_NAME = /must consist of alphanumeric characters/;

function podWith(spec: object): Pod {
  const metadata = { name: 'a', namespace: 'default' };
  const containers = [{ name: 'a', image: 'a' }];
  return applyDefaults('Pod', { kind: 'Pod', metadata, spec: { containers, ...spec } } as unknown as JsonObject) as Pod;
}

function errorsOf(spec: object): string[] {
  return validateObject('Pod', podWith(spec)).map(String);
}

function templateHash(spec: object): string {
  return podTemplateHash({ metadata: {}, spec: { ...podSpec('a'), ...spec } } as PodTemplateSpec);
}

describe('affinity', () => {
  it('to nodes may use every operator, and is refused in Kubernetes’ words', () => {
    const requirements = [
      { key: 'a', operator: 'In' },
      { key: 'a', operator: 'Exists', values: ['x'] },
      { key: 'a', operator: 'Gt', values: ['1', '2'] },
      { key: 'a', operator: 'Like', values: ['x'] },
    ];
    const nodeSelectorTerms = [
      { matchExpressions: requirements },
      { matchFields: [{ key: 'metadata.uid', operator: 'In', values: ['x'] }] },
      { matchFields: [{ key: 'metadata.name', operator: 'NotIn', values: ['a', 'b'] }] },
      { matchFields: [{ key: 'metadata.name', operator: 'Exists' }] },
    ];
    const at = `spec.affinity.nodeAffinity.${REQUIRED}.nodeSelectorTerms`;
    assert.deepEqual(errorsOf({ affinity: { nodeAffinity: { [REQUIRED]: { nodeSelectorTerms } } } }), [
      `${at}[0].matchExpressions[0].values: Required value: must be specified when \`operator\` is 'In' or 'NotIn'`,
      `${at}[0].matchExpressions[1].values: Forbidden: may not be specified when \`operator\` is 'Exists' or 'DoesNotExist'`,
      `${at}[0].matchExpressions[2].values: Required value: must be specified single value when \`operator\` is 'Lt' or 'Gt'`,
      `${at}[0].matchExpressions[3].operator: Invalid value: "Like": not a valid selector operator`,
      `${at}[1].matchFields[0].key: Invalid value: "metadata.uid": not a valid field selector key`,
      `${at}[2].matchFields[0].values: Required value: must be only one value when \`operator\` is 'In' or 'NotIn' for node field selector`,
      `${at}[3].matchFields[0].operator: Invalid value: "Exists": not a valid selector operator`,
    ]);
    assert.deepEqual(errorsOf({ affinity: { nodeAffinity: { [REQUIRED]: { nodeSelectorTerms: [] } } } }), [
      `${at}: Required value: must have at least one node selector term`,
    ]);
    const preferred = { weight: 101, preference: { matchExpressions: [{ key: 'a b', operator: 'Exists' }] } };
    const [weight = '', key = ''] = errorsOf({ affinity: { nodeAffinity: { [PREFERRED]: [preferred] } } });
    assert.equal(
      weight,
      `spec.affinity.nodeAffinity.${PREFERRED}[0].weight: Invalid value: 101: must be in the range 1-100`,
    );
    assert.match(key, NOT_A_NAME);
    const every = ['In', 'NotIn'].map((operator) => ({ key: 'a', operator, values: ['x'] }));
    const others = ['Exists', 'DoesNotExist'].map((operator) => ({ key: 'a', operator }));
    const numbers = ['Gt', 'Lt'].map((operator) => ({ key: 'a', operator, values: ['5'] }));
    const valid = { nodeSelectorTerms: [{ matchExpressions: [...every, ...others, ...numbers] }] };
    assert.deepEqual(errorsOf({ affinity: { nodeAffinity: { [REQUIRED]: valid } } }), []);
  });

  it('to pods is refused in Kubernetes’ words', () => {
    const terms = [
      { labelSelector: { matchLabels: { app: 'web' } } },
      { topologyKey: 'zone', labelSelector: { matchExpressions: [{ key: 'a', operator: 'In' }] } },
      { topologyKey: 'zone', namespaces: ['A'] },
      { topologyKey: 'zone', matchLabelKeys: ['version'] },
      {
        topologyKey: 'zone',
        labelSelector: { matchLabels: { app: 'web' } },
        matchLabelKeys: ['app', 'version'],
        mismatchLabelKeys: ['version'],
      },
    ];
    const at = `spec.affinity.podAntiAffinity.${REQUIRED}`;
    const errors = errorsOf({ affinity: { podAntiAffinity: { [REQUIRED]: terms } } });
    assert.equal(errors[0], `${at}[0].topologyKey: Required value: can not be empty`);
    assert.match(errors[1] ?? '', /name part must be non-empty/);
    assert.equal(
      errors.find((error) => error.startsWith(`${at}[1]`)),
      `${at}[1].labelSelector.matchExpressions[0].values: Required value: must be specified when \`operator\` is 'In' or 'NotIn'`,
    );
    assert.match(errors.find((error) => error.startsWith(`${at}[2].namespace`)) ?? '', /RFC 1123 label/);
    assert.deepEqual(
      errors.filter((error) => /\[[34]\]/.test(error)),
      [
        `${at}[3].matchLabelKeys: Forbidden: must not be specified when labelSelector is not set`,
        `${at}[4][0]: Invalid value: "app": exists in both matchLabelKeys and labelSelector`,
        `${at}[4].matchLabelKeys[1]: Invalid value: "version": exists in both matchLabelKeys and mismatchLabelKeys`,
      ],
    );
    const preferred = { podAffinityTerm: { topologyKey: 'zone' } };
    assert.deepEqual(errorsOf({ affinity: { podAffinity: { [PREFERRED]: [{ weight: 0, ...preferred }] } } }), [
      `spec.affinity.podAffinity.${PREFERRED}[0].weight: Invalid value: 0: must be in the range 1-100`,
    ]);
  });

  it('does not change in a pod that is there', () => {
    const zone = { [REQUIRED]: [{ topologyKey: 'zone', labelSelector: {} }] };
    const before = podWith({});
    const after = podWith({ affinity: { podAffinity: zone }, topologySpreadConstraints: [] });
    const [error, ...rest] = validateUpdate('Pod', after, before).map(String);
    assert.match(error ?? '', /pod updates may not change fields other than .* \(changed: spec\.affinity/);
    assert.deepEqual(rest, []);
  });

  it('makes another template of a ReplicationController’s, also where only an empty selector comes or goes', () => {
    const term = { topologyKey: 'zone', labelSelector: {} };
    const hashes = [
      templateHash({}),
      templateHash({ affinity: { podAffinity: { [REQUIRED]: [term] } } }),
      templateHash({ affinity: { podAffinity: { [REQUIRED]: [{ topologyKey: 'zone' }] } } }),
      templateHash({ affinity: { podAffinity: { [REQUIRED]: [{ ...term, namespaceSelector: {} }] } } }),
    ];
    assert.equal(new Set(hashes).size, hashes.length);
    assert.equal(templateHash({ affinity: {}, topologySpreadConstraints: [] }), hashes[0]);
  });
});

describe('topologySpreadConstraints', () => {
  it('are refused in Kubernetes’ words', () => {
    const labelSelector = { matchLabels: { app: 'web' } };
    const topologySpreadConstraints = [
      { maxSkew: 0, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule' },
      { maxSkew: 1, topologyKey: '', whenUnsatisfiable: 'Never' },
      { maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule' },
      { maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'ScheduleAnyway', minDomains: 0 },
      {
        maxSkew: 1,
        topologyKey: 'rack',
        whenUnsatisfiable: 'DoNotSchedule',
        labelSelector,
        nodeAffinityPolicy: 'Maybe',
        nodeTaintsPolicy: 'Honor',
        matchLabelKeys: ['app'],
      },
      { maxSkew: 1, topologyKey: 'row', whenUnsatisfiable: 'DoNotSchedule', matchLabelKeys: ['app'] },
    ];
    const at = 'spec.topologySpreadConstraints';
    assert.deepEqual(errorsOf({ topologySpreadConstraints }), [
      `${at}[0].maxSkew: Invalid value: 0: must be greater than zero`,
      `${at}[0].{topologyKey, whenUnsatisfiable}: Duplicate value: "{zone, DoNotSchedule}"`,
      `${at}[1].topologyKey: Required value: can not be empty`,
      `${at}[1].whenUnsatisfiable: Unsupported value: "Never": supported values: "DoNotSchedule", "ScheduleAnyway"`,
      `${at}[3].minDomains: Invalid value: 0: must be greater than zero`,
      `${at}[3].minDomains: Invalid value: 0: can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ScheduleAnyway`,
      `${at}[4].nodeAffinityPolicy: Unsupported value: "Maybe": supported values: "Honor", "Ignore"`,
      `${at}[4].matchLabelKeys[0]: Invalid value: "app": exists in both matchLabelKeys and labelSelector`,
      `${at}[5].matchLabelKeys: Forbidden: must not be specified when labelSelector is not set`,
    ]);
  });
});
