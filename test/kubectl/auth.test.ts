/** What kubectl is told of who one is, what one may do, and that it is so. */
import assert from 'node:assert/strict';
import { validityFrom } from '../../daemon/adapters/certificates/certificates.ts';
import { issueCertificate } from '../../daemon/adapters/certificates/issue.ts';
import { kubeconfigOf } from '../../daemon/kubeconfig.ts';
import { eachKubectl } from './harness/each-kubectl.ts';

// Of those that ask alike, one.
eachKubectl('auth', ['1.27', '1.30', '1.33'], (bed) => {
  const run = (...args: string[]) => bed().kubectl.run(args);
  /** As `sampan kubeconfig --user vera --group view` makes it. */
  const asViewer = async () => {
    const { certificates, cluster, url, kubectl } = bed();
    const { authority } = certificates;
    const subject = { commonName: 'vera', organizations: ['view'], usage: 'client' } as const;
    const validity = { ...validityFrom(Date.now()), notBefore: new Date(cluster.clock.now()) };
    const client = await issueCertificate(subject, validity, authority);
    return `--kubeconfig=${kubectl.writeFile('viewer', kubeconfigOf({ server: url, authority, client, user: 'vera' }))}`;
  };

  it('knows the administrator by his certificate', async () => {
    const printed = await run('auth', 'whoami');
    assert.match(printed, /Username +sampan:admin/);
    assert.match(printed, /Groups +\[system:masters system:authenticated\]/);
  });

  it('says what one may do', async () => {
    assert.equal(await run('auth', 'can-i', 'create', 'pods'), 'yes\n');
    assert.equal(await run('auth', 'can-i', '*', '*', '--all-namespaces'), 'yes\n');
    const viewer = await asViewer();
    const can = async (...args: string[]) => (await bed().kubectl.attempt(['auth', 'can-i', ...args, viewer])).stdout;
    assert.equal(await can('list', 'pods'), 'yes\n');
    assert.match(await can('get', 'secrets'), /^no/);
    assert.match(await can('create', 'pods', '--subresource=exec'), /^no/);
    assert.match(await can('get', '/diagnostics'), /^yes/);
  }).timeout(30_000);

  it('holds one to it', async () => {
    const viewer = await asViewer();
    assert.equal((await bed().kubectl.attempt(['get', 'pods', viewer])).code, 0);
    const { code, stderr } = await bed().kubectl.attempt(['get', 'secrets', viewer]);
    assert.equal(code, 1);
    assert.equal(
      stderr,
      'Error from server (Forbidden): secrets is forbidden: User "vera" cannot list resource "secrets" in API group "" in the namespace "default"\n',
    );
  });

  it('lists what one may do', async () => {
    const all = await run('auth', 'can-i', '--list');
    assert.match(all, /^Resources +Non-Resource URLs +Resource Names +Verbs$/m);
    assert.match(all, /^\*\.\* +\[\] +\[\] +\[\*\]$/m);
    const viewers = await run('auth', 'can-i', '--list', await asViewer());
    assert.match(viewers, /^pods\/log +\[\] +\[\] +\[get list watch\]$/m);
    assert.doesNotMatch(viewers, /secrets/);
  });

  it('acts as somebody else', async () => {
    const printed = await run('auth', 'whoami', '--as=ann', '--as-group=devs');
    assert.match(printed, /Username +ann/);
    const { stderr } = await bed().kubectl.attempt(['get', 'pods', '--as=ann', await asViewer()]);
    assert.match(stderr, /users "ann" is forbidden: User "vera" cannot impersonate resource "users"/);
  });

  it('gives a ServiceAccount a token that works until the account goes', async () => {
    await run('create', 'serviceaccount', 'robot');
    const token = (await run('create', 'token', 'robot', '--duration=20m')).trim();
    const { url, kubectl } = bed();
    const bare = kubectl.writeFile('bare', '{apiVersion: v1, kind: Config}');
    const asRobot = ['--server', url, '--token', token, '--insecure-skip-tls-verify', '--kubeconfig', bare];
    assert.match(await run('auth', 'whoami', ...asRobot), /Username +system:serviceaccount:default:robot/);
    await run('delete', 'serviceaccount', 'robot');
    const { stderr } = await kubectl.attempt(['auth', 'whoami', ...asRobot]);
    assert.match(stderr, /Unauthorized|logged in/);
  }).timeout(30_000);
});
