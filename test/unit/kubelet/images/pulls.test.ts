/**
 * How the kubelet pulls: with the secrets of pods and what the node is logged in to, for as long as somebody waits, and with a word in
 * the ledger for what is new. The registry is a fake one; nothing that people read holds a password.
 */
import assert from 'node:assert/strict';
import type { Container } from '../../../../reconcilers/objects/pod.ts';
import { KubeletBed } from '../kubelet-bed.ts';

const IMAGE = 'registry.example/team/app:1';
const ACCOUNT = { username: 'me', password: 's3cret' };
const containers: Container[] = [{ name: 'web', image: IMAGE }];
const withSecret = (...names: string[]) => ({ containers, imagePullSecrets: names.map((name) => ({ name })) });

function dockerConfig(account: { username: string; password: string }, registry = 'registry.example'): string {
  const auth = Buffer.from(`${account.username}:${account.password}`).toString('base64');
  return JSON.stringify({ auths: { [registry]: { auth } } });
}

describe('kubelet: pulls with credentials', () => {
  let bed: KubeletBed;
  beforeEach(async () => {
    bed = await KubeletBed.create();
    bed.runtime.registry.images.set(IMAGE, { sizeBytes: 5 });
    bed.runtime.registry.accounts.set(IMAGE, ACCOUNT);
    await bed.start();
  });
  afterEach('nothing that people read holds the password', async () => {
    const objects = await Promise.all([bed.cluster.registry.list('Pod'), bed.cluster.registry.list('Event')]);
    const said = JSON.stringify([bed.log.lines, bed.events, bed.pullReports, objects, await bed.containers()]);
    assert.ok(!said.includes(ACCOUNT.password) && !said.includes(Buffer.from('me:s3cret').toString('base64')));
    await bed.stop();
  });

  const addSecret = async (name: string, text: string, form: 'new' | 'old' = 'new') => {
    const type = form === 'new' ? 'kubernetes.io/dockerconfigjson' : 'kubernetes.io/dockercfg';
    const key = form === 'new' ? '.dockerconfigjson' : '.dockercfg';
    await bed.cluster.registry.create('Secret', {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name, namespace: 'default' },
      type,
      data: { [key]: Buffer.from(text).toString('base64') },
    });
    await bed.settled();
  };
  const waiting = async () => (await bed.pod()).status.containerStatuses?.[0]?.state.waiting;
  const runs = async (name = 'web') => (await bed.pod(name)).status.phase === 'Running';
  const passed = async () => bed.advance(1);

  for (const [form, text] of [
    ['new', dockerConfig(ACCOUNT)],
    ['old', JSON.stringify({ 'registry.example/team': ACCOUNT })],
  ] as const) {
    it(`uses a secret of the ${form} form`, async () => {
      await addSecret('login', text, form);
      await bed.addPod(withSecret('login'));
      await passed();
      assert.ok(await runs());
    });
  }

  it('tries one after the other, those of the pod first and then the node', async () => {
    await addSecret('stale', dockerConfig({ ...ACCOUNT, password: 'old' }));
    await addSecret('elsewhere', dockerConfig(ACCOUNT, 'other.example'));
    bed.nodeLogins = dockerConfig(ACCOUNT);
    await bed.addPod(withSecret('stale', 'elsewhere'));
    await passed();
    assert.ok(await runs());
    assert.equal(bed.calls('pull'), 2);
  });

  it('says which secrets are missing, pulls without, and goes on as soon as one comes', async () => {
    await bed.addPod(withSecret('login', '', 'gone'));
    await passed();
    assert.deepEqual(await waiting(), { reason: 'ErrImagePull', message: 'unauthorized' });
    const text =
      'Unable to retrieve some image pull secrets (login, gone); attempting to pull the image may not succeed.';
    assert.ok(bed.events.includes(`Warning FailedToRetrieveImagePullSecret ${text}`));
    await bed.advance(3_000);
    assert.equal((await waiting())?.reason, 'ImagePullBackOff');
    await addSecret('login', dockerConfig(ACCOUNT));
    await passed();
    assert.ok(await runs());
  });

  it('goes on as soon as a wrong secret is corrected', async () => {
    await addSecret('login', dockerConfig({ ...ACCOUNT, password: 'old' }));
    await bed.addPod(withSecret('login'));
    await bed.advance(3_000);
    assert.equal((await waiting())?.reason, 'ImagePullBackOff');
    const secret = await bed.cluster.registry.get('Secret', { namespace: 'default', name: 'login' });
    assert.ok(secret);
    const data = { '.dockerconfigjson': Buffer.from(dockerConfig(ACCOUNT)).toString('base64') };
    await bed.cluster.registry.update('Secret', { ...secret, data });
    await bed.settled();
    await passed();
    assert.ok(await runs());
  });

  it('pulls nothing with a secret that cannot be read, and names it', async () => {
    await addSecret('login', '{"auths":{"registry.example":{"auth":"s3cret"}}}');
    await bed.addPod(withSecret('login'));
    await passed();
    const message =
      'pull secret "login": the entry of registry.example is not a user and a password, nor base64 of `user:password`';
    assert.deepEqual(await waiting(), { reason: 'ErrImagePull', message });
    assert.equal(bed.calls('pull'), 0);
  });

  it('leaves the logins of the node alone where they cannot be read', async () => {
    bed.nodeLogins = 's3cret';
    bed.runtime.registry.accounts.clear();
    await bed.addPod({ containers });
    await passed();
    assert.ok(await runs());
    assert.match(JSON.stringify(bed.log.lines), /the node's Docker logins are not used/);
  });

  it('uses an image that is there, with whatever it was pulled', async () => {
    await addSecret('login', dockerConfig(ACCOUNT));
    await bed.addPod(withSecret('login'));
    await passed();
    await bed.addPod({ containers }, 'other');
    assert.ok(await runs('other'));
    assert.deepEqual(bed.runtime.registry.pulled, [IMAGE]);
  });

  it('joins pulls over pods whose secrets say the same, and no others', async () => {
    bed.runtime.registry.latencyMs = 1_000;
    await addSecret('login', dockerConfig(ACCOUNT));
    await addSecret('same', dockerConfig(ACCOUNT));
    await addSecret('other', dockerConfig({ ...ACCOUNT, password: 'old' }));
    for (const name of ['login', 'same', 'other']) await bed.addPod(withSecret(name), name);
    assert.equal(bed.runtime.registry.pulled.length, 2);
    await bed.advance(1_001);
    for (const name of ['login', 'same', 'other']) assert.ok(await runs(name), name);
  });
});

describe('kubelet: pulls under way', () => {
  const image = 'far/away:1';
  let bed: KubeletBed;
  beforeEach(async () => {
    bed = await KubeletBed.create();
    bed.runtime.registry.images.set(image, { sizeBytes: 5 });
    bed.runtime.registry.latencyMs = 10_000;
    await bed.start();
  });
  afterEach(() => bed.stop());
  const slow = { containers: [{ name: 'web', image }] };
  const isThere = async () => (await bed.runtime.image(image)) !== undefined;

  it('are given up when their pod goes', async () => {
    await bed.addPod(slow);
    await bed.cluster.registry.delete('Pod', { namespace: 'default', name: 'web' }, { gracePeriodSeconds: 0 });
    await bed.settled();
    await bed.advance(20_000);
    assert.equal(await isThere(), false);
    assert.deepEqual(await bed.ledger.entries(), []);
  });

  it('are given up when their pod wants another image, and begun again when it wants it back', async () => {
    const pod = await bed.addPod(slow);
    const want = async (wanted: string) => {
      const spec = { ...pod.spec, containers: [{ name: 'web', image: wanted }] };
      await bed.cluster.registry.update('Pod', { ...(await bed.pod()), spec } as typeof pod);
      await bed.settled();
    };
    await want('web:2');
    await bed.advance(20_000);
    assert.equal(await isThere(), false);
    await want(image);
    await bed.advance(10_001);
    assert.equal((await bed.container('web')).image, image);
  });

  it('go on while another pod waits for them', async () => {
    await bed.addPod(slow);
    await bed.addPod(slow, 'other');
    await bed.cluster.registry.delete('Pod', { namespace: 'default', name: 'web' }, { gracePeriodSeconds: 0 });
    await bed.settled();
    await bed.advance(10_001);
    assert.equal((await bed.pod('other')).status.phase, 'Running');
    assert.deepEqual(bed.runtime.registry.pulled, [image]);
  });

  it('end with a word in the ledger, unless the image was here under another name', async () => {
    bed.runtime.registry.images.set('mine/alias:1', { id: 'sha256:built' });
    bed.runtime.addImage('built/here:1', { id: 'sha256:built' });
    await bed.addPod(slow);
    await bed.addPod({ containers: [{ name: 'web', image: 'mine/alias:1' }] }, 'other');
    await bed.advance(10_001);
    assert.equal((await bed.pod('other')).status.phase, 'Running');
    const pulledAt = bed.cluster.clock.now();
    const [entry, ...rest] = await bed.ledger.entries();
    assert.deepEqual(rest, []);
    assert.deepEqual(entry?.names, ['docker.io/far/away:1']);
    assert.ok(entry && Math.abs(entry.pulledAt - pulledAt) < 10);
  });
});
