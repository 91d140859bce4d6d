/**
 * `kubectl create -f` with validation on, as it is by default. A List is validated by OpenAPI v2 in every version; a single object by v2
 * up to 1.28, and by the server since.
 */
import assert from 'node:assert/strict';
import { eachKubectl } from './harness/each-kubectl.ts';

function rc(spec: object): object {
  const template = {
    metadata: { labels: { app: 'web' } },
    spec: {
      containers: [
        {
          name: 'web',
          image: 'web:1',
          ports: [{ containerPort: 80 }],
          resources: { limits: { cpu: 1, memory: '64Mi' } },
        },
      ],
    },
  };
  return {
    apiVersion: 'v1',
    kind: 'ReplicationController',
    metadata: { name: 'web' },
    spec: { selector: { app: 'web' }, template, ...spec },
  };
}

const SERVICE = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web' },
  spec: { selector: { app: 'web' }, ports: [{ port: 80, targetPort: 'http' }] },
};

eachKubectl('create -f', ['1.28', '1.33'], (bed) => {
  const file = (name: string, ...items: object[]) =>
    bed().kubectl.writeFile(
      name,
      JSON.stringify(items.length === 1 ? items[0] : { apiVersion: 'v1', kind: 'List', items }),
    );

  it('creates the objects of a List', async () => {
    const created = await bed().kubectl.run(['create', '-f', file('list.json', rc({ replicas: 2 }), SERVICE)]);
    assert.equal(created, 'replicationcontroller/web created\nservice/web created\n');
    const shown = await bed().kubectl.run(['get', 'rc,svc', '-o', 'name']);
    assert.equal(shown, 'replicationcontroller/web\nservice/web\n');
  });

  it('names the field of a List that does not exist, and creates nothing', async () => {
    const path = file('typo.json', SERVICE, rc({ replica: 2 }));
    const { code, stderr } = await bed().kubectl.attempt(['create', '-f', path]);
    assert.equal(code, 1);
    assert.match(
      stderr,
      /ValidationError\(ReplicationController\.spec\): unknown field "replica" in .*ReplicationControllerSpec/,
    );
  });

  it('names the field of an object that does not exist', async () => {
    const { code, stderr } = await bed().kubectl.attempt(['create', '-f', file('object.json', rc({ replica: 2 }))]);
    assert.equal(code, 1);
    assert.match(stderr, /unknown field "(spec\.)?replica"/);
  });
});
