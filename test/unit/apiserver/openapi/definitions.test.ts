import assert from 'node:assert/strict';
import {
  type Definitions,
  namesByKind,
  REF,
  reachable,
  readDefinitions,
  type Schema,
} from '../../../../daemon/apiserver/openapi/definitions.ts';
import { generateDefinitions } from '../../../../hack/generate-openapi.ts';

const CORE = 'io.k8s.api.core.v1';
const META = 'io.k8s.apimachinery.pkg.apis.meta.v1';

describe('the definitions of OpenAPI', () => {
  let definitions: Definitions;
  before(async () => {
    definitions = await readDefinitions();
  });
  const field = (path: string): Schema => {
    const dot = path.lastIndexOf('.');
    const found = definitions[path.slice(0, dot)]?.properties?.[path.slice(dot + 1)];
    assert.ok(found, `there is no ${path}`);
    return found;
  };

  it('are what hack/generate-openapi.ts makes of the installed client', function () {
    this.timeout(60_000);
    assert.deepEqual(generateDefinitions(), definitions);
  });

  it('describe every type and every field', () => {
    for (const [name, schema] of Object.entries(definitions)) {
      assert.ok(schema.description, name);
      for (const [each, { description }] of Object.entries(schema.properties ?? {})) {
        assert.ok(description, `${name}.${each}`);
        assert.doesNotMatch(description, /\\['"]|^IntOrString is a type|^MicroTime is version/, `${name}.${each}`);
      }
    }
  });

  it('refer only to each other', () => {
    assert.equal(Object.keys(reachable(definitions, Object.keys(definitions))).length, Object.keys(definitions).length);
    assert.throws(() => reachable({ a: { $ref: `${REF}b` } }, ['a']), /there is no definition b/);
  });

  it('name kinds and their lists', () => {
    const names = namesByKind(definitions);
    for (const [kind, name] of [
      ['/v1/Pod', `${CORE}.Pod`],
      ['/v1/PodList', `${CORE}.PodList`],
      ['/v1/Binding', `${CORE}.Binding`],
      ['/v1/Event', `${CORE}.Event`],
      ['/v1/Status', `${META}.Status`],
      ['events.k8s.io/v1/Event', 'io.k8s.api.events.v1.Event'],
      ['discovery.k8s.io/v1/EndpointSlice', 'io.k8s.api.discovery.v1.EndpointSlice'],
      ['policy/v1/Eviction', 'io.k8s.api.policy.v1.Eviction'],
      ['autoscaling/v1/Scale', 'io.k8s.api.autoscaling.v1.Scale'],
      ['authentication.k8s.io/v1/TokenRequest', 'io.k8s.api.authentication.v1.TokenRequest'],
      ['authorization.k8s.io/v1/SelfSubjectRulesReview', 'io.k8s.api.authorization.v1.SelfSubjectRulesReview'],
      ['rbac.authorization.k8s.io/v1/ClusterRoleBinding', 'io.k8s.api.rbac.v1.ClusterRoleBinding'],
      ['metrics.k8s.io/v1beta1/PodMetrics', 'io.k8s.metrics.pkg.apis.metrics.v1beta1.PodMetrics'],
      ['sampan.dev/v1/Source', 'dev.sampan.v1.Source'],
    ] as const) {
      assert.equal(names.get(kind), name);
    }
    assert.equal(names.get('/v1/ObjectReference'), undefined, 'names another object, and is none');
    assert.equal(names.get('/v1/PodTemplateSpec'), undefined, 'has metadata, and is no object');
  });

  it('say of scalars what JSON has for them', () => {
    assert.equal(field(`${CORE}.PodSpec.hostNetwork`).type, 'boolean');
    assert.deepEqual(
      [field(`${CORE}.ContainerPort.containerPort`)].map(({ type, format }) => [type, format]),
      [['integer', 'int32']],
    );
    assert.equal(field(`${CORE}.PodSpec.activeDeadlineSeconds`).format, 'int64');
    assert.equal(field(`${META}.ObjectMeta.creationTimestamp`).$ref, `${REF}${META}.Time`);
    assert.match(field(`${CORE}.ServicePort.targetPort`).$ref ?? '', /IntOrString$/);
    assert.match(field(`${CORE}.ResourceRequirements.limits`).additionalProperties?.$ref ?? '', /Quantity$/);
    assert.deepEqual(field(`${CORE}.Secret.data`).additionalProperties, { type: 'string', format: 'byte' });
    assert.deepEqual(field(`${CORE}.Container.command`).items, { type: 'string' });
  });

  it('say which fields must be there, and which take only some values', () => {
    assert.deepEqual(definitions[`${CORE}.Container`]?.required, ['name']);
    assert.deepEqual(definitions[`${CORE}.PodSpec`]?.required, ['containers']);
    assert.deepEqual(field(`${CORE}.Container.imagePullPolicy`).enum, ['Always', 'IfNotPresent', 'Never']);
    assert.deepEqual(field('dev.sampan.v1.SourceSpec.type').enum, ['folder', 'git']);
  });

  it('say how lists merge', () => {
    const merge = (path: string) => {
      const {
        'x-kubernetes-list-type': type,
        'x-kubernetes-list-map-keys': keys,
        'x-kubernetes-patch-merge-key': key,
        'x-kubernetes-patch-strategy': strategy,
      } = field(path);
      return { type, keys, key, strategy };
    };
    const byName = { type: 'map', keys: ['name'], key: 'name', strategy: 'merge' };
    assert.deepEqual(merge(`${CORE}.PodSpec.containers`), byName);
    assert.deepEqual(merge(`${CORE}.PodSpec.volumes`), { ...byName, strategy: 'merge,retainKeys' });
    assert.deepEqual(merge(`${CORE}.ServiceSpec.ports`), {
      type: 'map',
      keys: ['port', 'protocol'],
      key: 'port',
      strategy: 'merge',
    });
    const whole = { keys: undefined, key: undefined, strategy: undefined };
    assert.deepEqual(merge(`${CORE}.NodeSpec.taints`), { type: 'atomic', ...whole });
    assert.deepEqual(merge(`${META}.ObjectMeta.finalizers`), { type: 'set', ...whole, strategy: 'merge' });
    assert.equal(merge(`${CORE}.PodList.items`).type, undefined);
    assert.equal(definitions[`${META}.LabelSelector`]?.['x-kubernetes-map-type'], 'atomic');
  });
});
