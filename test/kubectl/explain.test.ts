/** `kubectl explain`: the API's types as a person reads them. 1.27 reads OpenAPI v2 as well, 1.33 shows enums. */
import assert from 'node:assert/strict';
import { eachKubectl } from './harness/each-kubectl.ts';

eachKubectl('explain', ['1.27', '1.33'], (bed) => {
  const explain = (...args: string[]) => bed().kubectl.run(['explain', ...args]);

  it('describes a list of objects and each of their fields', async () => {
    const text = await explain('pod.spec.containers');
    assert.match(text, /^KIND: {7}Pod\nVERSION: {4}v1\n\nFIELD: containers <\[\]Container>\n/);
    assert.match(
      text,
      /\nDESCRIPTION:\n {4}List of containers belonging to the pod\. Containers cannot currently be\n {4}added or removed\./,
    );
    assert.match(text, /\n {4}A single application container that you want to run within a pod\.\n/);
    assert.match(text, /\n {2}name\t<string> -required-\n {4}Name of the container specified as a DNS_LABEL\./);
    assert.match(text, /\n {2}env\t<\[\]EnvVar>\n {4}List of environment variables to set in the container\./);
    assert.match(text, /\n {2}lifecycle\t<Lifecycle>\n {4}Actions that the management system should take/);
    assert.doesNotMatch(text, /no description/);
  });

  it('describes a field with its values', async () => {
    const text = await explain('pod.spec.containers.imagePullPolicy');
    assert.match(text, /\nFIELD: imagePullPolicy <string>\n/);
    if (bed().version !== '1.27') assert.match(text, /\nENUM:\n {4}Always\n {4}IfNotPresent\n {4}Never\n/);
    assert.match(text, /Image pull policy\. One of Always, Never, IfNotPresent\./);
  });

  it('shows all fields of a kind at once', async () => {
    const text = await explain('rc', '--recursive');
    assert.match(text, /^KIND: {7}ReplicationController\nVERSION: {4}v1\n/);
    for (const line of [
      '  spec\t<ReplicationControllerSpec>',
      '    replicas\t<integer>',
      '    selector\t<map[string]string>',
      '    template\t<PodTemplateSpec>',
      '        containers\t<[]Container> -required-',
      '            containerPort\t<integer> -required-',
      '            limits\t<map[string]Quantity>',
      '  status\t<ReplicationControllerStatus>',
    ]) {
      assert.ok(text.includes(`\n${line}\n`), `${JSON.stringify(line)} is not in the output`);
    }
  });

  it('knows our own kind, and what it does not know', async () => {
    assert.match(await explain('source.status.history'), /^GROUP: {6}sampan\.dev\nKIND: {7}Source\nVERSION: {4}v1\n/);
    const { code, stderr } = await bed().kubectl.attempt(['explain', 'pod.spec.colour']);
    assert.equal(code, 1);
    assert.match(stderr, /field "colour" does not exist/);
  });
});
