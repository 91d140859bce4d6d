/** Declaring objects: apply in its turns, diff, replace, edit, prune, and the annotation that apply remembers by. */
import assert from 'node:assert/strict';
import { chmodSync } from 'node:fs';
import { eachKubectl } from './harness/each-kubectl.ts';

/** As a person writes it: `mode` undefined leaves the variable out. */
function shop(image: string, mode?: string): string {
  return `
apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: ReplicationController
  metadata: {name: web, labels: {app: web}}
  spec:
    replicas: 2
    selector: {app: web}
    template:
      metadata: {labels: {app: web}}
      spec:
        containers:
        - name: web
          image: ${image}
          ports: [{containerPort: 80}]
${mode === undefined ? '' : `          env: [{name: MODE, value: ${mode}}]`}
- apiVersion: v1
  kind: Service
  metadata: {name: web, labels: {app: web}}
  spec:
    selector: {app: web}
    ports: [{port: 80}]
`;
}

const settings = (name: string, data: object) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data });

eachKubectl('apply', ['1.27', '1.30', '1.33'], (bed) => {
  const run = (...args: string[]) => bed().kubectl.run(args);
  const attempt = (...args: string[]) => bed().kubectl.attempt(args);
  const file = (name: string, text: string | object) =>
    bed().kubectl.writeFile(name, typeof text === 'string' ? text : JSON.stringify(text));
  const container = async () => {
    const { registry } = bed().cluster;
    const rc = await registry.get('ReplicationController', { namespace: 'default', name: 'web' });
    return rc?.spec.template.spec.containers[0];
  };

  const create = (name: string, content: Record<string, string>) =>
    bed().cluster.registry.create('ConfigMap', { metadata: { name, namespace: 'default' }, data: content } as never);
  const data = async (name: string) =>
    (await bed().cluster.registry.get('ConfigMap', { namespace: 'default', name }))?.data;

  it('creates, leaves alone, changes, and takes away what is no longer said', async () => {
    const path = file('shop.yaml', shop('nginx:1', 'fast'));
    assert.equal(await run('apply', '-f', path), 'replicationcontroller/web created\nservice/web created\n');
    assert.equal(await run('apply', '-f', path), 'replicationcontroller/web unchanged\nservice/web unchanged\n');
    file('shop.yaml', shop('nginx:2'));
    const differences = await attempt('diff', '-f', path);
    assert.equal(differences.code, 1);
    assert.match(differences.stdout, /^-.*image: nginx:1$/m);
    assert.match(differences.stdout, /^\+.*image: nginx:2$/m);
    assert.match(differences.stdout, /^-.*name: MODE$/m);
    assert.equal((await container())?.image, 'nginx:1', 'a diff changes nothing');
    const dry = await run('apply', '-f', path, '--dry-run=server');
    assert.match(dry, /^replicationcontroller\/web configured \(server dry run\)$/m);
    assert.equal(await run('apply', '-f', path), 'replicationcontroller/web configured\nservice/web unchanged\n');
    assert.deepEqual([(await container())?.image, (await container())?.env], ['nginx:2', undefined]);
  });

  it('remembers what was applied, in an annotation that can be seen and set', async () => {
    const path = file('settings.json', settings('settings', { colour: 'blue' }));
    await create('settings', { colour: 'blue' });
    const first = await attempt('apply', '-f', path);
    assert.match(first.stderr, /^Warning: resource configmaps\/settings is missing the .*last-applied-configuration/);
    assert.equal(first.stdout, 'configmap/settings configured\n');
    assert.match(await run('apply', 'view-last-applied', 'cm/settings'), /^data:\n {2}colour: blue\n/m);
    file('settings.json', settings('settings', { colour: 'red' }));
    assert.equal(await run('apply', 'set-last-applied', '-f', path), 'configmap/settings configured\n');
    assert.match(await run('apply', 'view-last-applied', 'cm', 'settings', '-o', 'json'), /"colour": "red"/);
  });

  it('edits with an editor', async () => {
    const editor = file('editor.sh', '#!/bin/sh\nsed -i "s/^  colour: [a-z]*/  colour: green/" "$1"\n');
    chmodSync(editor, 0o755);
    const env = { KUBE_EDITOR: editor };
    const edit = (...args: string[]) => bed().kubectl.attempt(args, { env });
    assert.equal((await edit('edit', 'cm', 'settings')).stdout, 'configmap/settings edited\n');
    assert.equal((await data('settings'))?.colour, 'green');
    const [again, last] = await Promise.all([
      edit('edit', 'cm', 'settings'),
      edit('apply', 'edit-last-applied', 'cm', 'settings'),
    ]);
    assert.match(again.stderr, /Edit cancelled, no changes made/);
    assert.equal(last.stdout, 'configmap/settings edited\n', last.stderr);
  });

  it('replaces, and by force', async () => {
    const path = file('replaced.json', settings('replaced', { colour: 'blue' }));
    assert.match((await attempt('replace', '-f', path)).stderr, /configmaps "replaced" not found/);
    await create('replaced', { size: 'xs' });
    assert.equal(await run('replace', '-f', path), 'configmap/replaced replaced\n');
    assert.deepEqual(await data('replaced'), { colour: 'blue' });
    const forced = await run('replace', '--force', '-f', path);
    assert.equal(forced, 'configmap "replaced" deleted\nconfigmap/replaced replaced\n');
    const stale = file('stale.json', {
      ...settings('replaced', {}),
      metadata: { name: 'replaced', resourceVersion: '1' },
    });
    const { stderr } = await attempt('replace', '-f', stale);
    assert.match(
      stderr,
      /^Error from server \(Conflict\): error when replacing ".*": Operation cannot be fulfilled on configmaps "replaced": the object has been modified; please apply your changes to the latest version and try again$/m,
    );
  });

  it('prunes what is no longer there, of the kinds that it is told', async () => {
    const labelled = (name: string) => ({
      ...settings(name, {}),
      metadata: { name, labels: { pruned: 'yes' } },
    });
    await run(
      'apply',
      '-f',
      file('both.json', { apiVersion: 'v1', kind: 'List', items: [labelled('one'), labelled('two')] }),
    );
    const one = file('one.json', labelled('one'));
    const pruned = await run('apply', '-f', one, '--prune', '-l', 'pruned=yes', '--prune-allowlist=core/v1/ConfigMap');
    assert.equal(pruned, 'configmap/one unchanged\nconfigmap/two pruned\n');
    const unknown = await attempt('apply', '-f', one, '--prune', '-l', 'pruned=yes');
    assert.match(unknown.stderr, /no matches for kind "Job" in version "batch\/v1"/, 'kubectl prunes by its own list');
  });

  it('by the server knows whose field is whose', async () => {
    const mine = file('mine.json', settings('shared', { colour: 'blue' }));
    const theirs = file('theirs.json', settings('shared', { colour: 'red' }));
    const first = await run('apply', '--server-side', '--field-manager=me', '-f', mine);
    assert.equal(first, 'configmap/shared serverside-applied\n');
    const { code, stderr } = await attempt('apply', '--server-side', '--field-manager=you', '-f', theirs);
    assert.equal(code, 1);
    assert.match(stderr, /Apply failed with 1 conflict: conflict with "me": \.data\.colour/);
    await run('apply', '--server-side', '--field-manager=you', '--force-conflicts', '-f', theirs);
    assert.equal((await data('shared'))?.colour, 'red');
  });

  it('says what is wrong, field by field, and does nothing then', async () => {
    const typo = file('typo.json', { ...settings('typo', {}), datum: {} });
    assert.match((await attempt('apply', '-f', typo)).stderr, /unknown field "datum"/);
    const lenient = await attempt('apply', '-f', typo, '--validate=warn');
    assert.equal(lenient.stdout, 'configmap/typo created\n');
    assert.match(lenient.stderr, /unknown field "datum"/);
    const bad = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'bad' },
      spec: { ports: [{ port: 0 }, { port: 70000 }] },
    };
    const { code, stderr } = await attempt('apply', '-f', file('bad.json', bad));
    assert.equal(code, 1);
    assert.match(stderr, /^The Service "bad" is invalid: \n/m);
    assert.match(stderr, /^\* spec\.ports\[1\]\.port: Invalid value: 70000: must be between 1 and 65535, inclusive$/m);
  });
});
