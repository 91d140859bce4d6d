import assert from 'node:assert/strict';
import { containerEnvironment, expandVariables } from '../../../reconcilers/objects/env.ts';
import type { Container, Pod } from '../../../reconcilers/objects/pod.ts';
import { resolveTargetPort } from '../../../reconcilers/objects/port-resolution.ts';
import type { Service } from '../../../reconcilers/objects/service.ts';
import { serviceEnvironment } from '../../../reconcilers/objects/service-env.ts';

function service(
  name: string,
  clusterIP: string,
  ports: Partial<Service['spec']['ports'][0]>[],
  namespace = 'default',
) {
  return {
    metadata: { name, namespace },
    spec: { clusterIP, ports: ports.map((port) => ({ protocol: 'TCP', ...port })) },
  } as unknown as Service;
}

function text(env: readonly { name: string; value: string }[]): string[] {
  return env.map(({ name, value }) => `${name}=${value}`);
}

const kubernetes = service('kubernetes', '123.123.123.1', [{ name: 'https', port: 443 }]);

describe('$(VAR) expansion', () => {
  const values = new Map([
    ['A', 'a'],
    ['B', '$(A)'],
    ['E', ''],
  ]);
  // Kubernetes' own table, third_party/forked/golang/expansion/expand_test.go.
  const table: [string, string][] = [
    ['$(A)', 'a'],
    ['___$(A)___', '___a___'],
    ['$(A)-$(A)', 'a-a'],
    ['$(B)', '$(A)'],
    ['$(E)', ''],
    ['$(UNKNOWN)', '$(UNKNOWN)'],
    ['$$(A)', '$(A)'],
    ['$$$(A)', '$a'],
    ['$$$$(A)', '$$(A)'],
    ['$A', '$A'],
    ['$[A]', '$[A]'],
    ['$(A', '$(A'],
    ['foo$', 'foo$'],
    ['$()', '$()'],
    ['', ''],
  ];
  for (const [written, expected] of table) {
    it(JSON.stringify(written), () =>
      assert.equal(
        expandVariables(written, (name) => values.get(name)),
        expected,
      ),
    );
  }
});

describe('service environment', () => {
  it('has both families, exactly as the walkthrough shows them', () => {
    const tcpserver = service('tcpserver', '123.123.123.74', [{ port: 30001, nodePort: 30002 }]);
    assert.deepEqual(text(serviceEnvironment([tcpserver], 'default')), [
      'TCPSERVER_SERVICE_HOST=123.123.123.74',
      'TCPSERVER_SERVICE_PORT=30001',
      'TCPSERVER_PORT=tcp://123.123.123.74:30001',
      'TCPSERVER_PORT_30001_TCP=tcp://123.123.123.74:30001',
      'TCPSERVER_PORT_30001_TCP_PROTO=tcp',
      'TCPSERVER_PORT_30001_TCP_PORT=30001',
      'TCPSERVER_PORT_30001_TCP_ADDR=123.123.123.74',
    ]);
  });

  it('names ports, turns dashes into underscores, and takes the first port for the short names', () => {
    const dns = service('my-dns', '10.0.0.9', [
      { name: 'dns-udp', port: 53, protocol: 'UDP' },
      { name: 'dns', port: 53 },
    ]);
    const env = text(serviceEnvironment([dns], 'default'));
    assert.deepEqual(env.slice(0, 5), [
      'MY_DNS_SERVICE_HOST=10.0.0.9',
      'MY_DNS_SERVICE_PORT=53',
      'MY_DNS_SERVICE_PORT_DNS_UDP=53',
      'MY_DNS_SERVICE_PORT_DNS=53',
      'MY_DNS_PORT=udp://10.0.0.9:53',
    ]);
    assert.ok(env.includes('MY_DNS_PORT_53_UDP_PROTO=udp'));
    assert.ok(env.includes('MY_DNS_PORT_53_TCP=tcp://10.0.0.9:53'));
  });

  it('takes Services of the namespace that have an address, and default/kubernetes', () => {
    const services = [
      service('z', '10.0.0.3', [{ port: 1 }], 'mine'),
      service('a', '10.0.0.2', [{ port: 1 }], 'mine'),
      service('headless', 'None', [{ port: 1 }], 'mine'),
      service('pending', '', [{ port: 1 }], 'mine'),
      service('other', '10.0.0.4', [{ port: 1 }], 'other'),
      kubernetes,
    ];
    const hosts = (links: boolean) =>
      text(serviceEnvironment(services, 'mine', links)).filter((line) => line.includes('_SERVICE_HOST'));
    assert.deepEqual(hosts(true), [
      'A_SERVICE_HOST=10.0.0.2',
      'KUBERNETES_SERVICE_HOST=123.123.123.1',
      'Z_SERVICE_HOST=10.0.0.3',
    ]);
    assert.deepEqual(hosts(false), ['KUBERNETES_SERVICE_HOST=123.123.123.1']);
    const own = service('kubernetes', '10.0.0.8', [{ port: 1 }], 'mine');
    for (const order of [
      [own, kubernetes],
      [kubernetes, own],
    ]) {
      assert.ok(text(serviceEnvironment(order, 'mine')).includes('KUBERNETES_SERVICE_HOST=10.0.0.8'));
    }
  });
});

describe('container environment', () => {
  const pod = { metadata: { namespace: 'default' }, spec: { enableServiceLinks: true } } as unknown as Pod;

  it('expands in order, lets the container override Services, and fills in command and args', () => {
    const container = {
      name: 'c',
      image: 'i',
      command: ['/bin/$(NAME)', '$$(NAME)'],
      args: ['$(KUBERNETES_SERVICE_HOST)', '$(LATER)'],
      env: [
        { name: 'NAME', value: 'x$(LATER)' },
        { name: 'LATER', value: '$(NAME)!' },
        { name: 'KUBERNETES_SERVICE_HOST', value: 'over $(KUBERNETES_SERVICE_HOST)' },
        { name: 'EMPTY' },
      ],
    } as Container;
    const { env, command, args } = containerEnvironment(pod, container, [kubernetes]);
    assert.deepEqual(text(env).slice(0, 4), [
      'NAME=x$(LATER)',
      'LATER=x$(LATER)!',
      'KUBERNETES_SERVICE_HOST=over 123.123.123.1',
      'EMPTY=',
    ]);
    assert.equal(env.filter(({ name }) => name === 'KUBERNETES_SERVICE_HOST').length, 1);
    assert.ok(text(env).includes('KUBERNETES_SERVICE_PORT=443'));
    assert.deepEqual(command, ['/bin/x$(LATER)', '$(NAME)']);
    assert.deepEqual(args, ['over 123.123.123.1', 'x$(LATER)!']);
  });

  it('leaves command and args absent where none are declared', () => {
    assert.deepEqual(Object.keys(containerEnvironment(pod, { name: 'c', image: 'i' }, [])), ['env']);
  });
});

describe('target ports', () => {
  const pod = {
    spec: {
      containers: [
        { name: 'a', ports: [{ name: 'dns', containerPort: 53, protocol: 'UDP' }] },
        { name: 'b', ports: [{ name: 'dns', containerPort: 5353, protocol: 'TCP' }] },
        { name: 'c' },
      ],
    },
  } as unknown as Pod;
  const resolve = (targetPort: number | string, protocol: 'TCP' | 'UDP' = 'TCP') =>
    resolveTargetPort({ port: 1, targetPort, protocol }, pod);

  it('are numbers, or names looked up by protocol', () => {
    assert.equal(resolve(8080), 8080);
    assert.equal(resolve('dns'), 5353);
    assert.equal(resolve('dns', 'UDP'), 53);
    assert.equal(resolve('http'), undefined);
  });
});
