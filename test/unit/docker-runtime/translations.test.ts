import assert from 'node:assert/strict';
import type { ContainerInspectInfo } from 'dockerode';
import { toCreateOptions } from '../../../daemon/adapters/docker-runtime/container-config.ts';
import { toContainerRecord } from '../../../daemon/adapters/docker-runtime/container-record.ts';
import { nameAndTag } from '../../../daemon/adapters/docker-runtime/image-pulls.ts';
import { demultiplex } from '../../../daemon/adapters/docker-runtime/log-stream.ts';
import { PullSum } from '../../../daemon/adapters/docker-runtime/pull-sum.ts';
import type { BindMount, ContainerSecurity } from '../../../reconcilers/ports/container-runtime.ts';

describe('docker runtime: translations', () => {
  it('has no container end before it started, as Docker says of one that exits at once', () => {
    const State = {
      Status: 'exited',
      ExitCode: 1,
      StartedAt: '2026-11-24T07:33:15.826026025Z',
      FinishedAt: '2026-11-24T07:33:15.782543665Z',
    };
    const info = { State, Name: '/a', Config: { Labels: {} }, Created: '2026-11-24T07:33:00.414394438Z' };
    const { startedAt, finishedAt } = toContainerRecord(info as unknown as ContainerInspectInfo);
    assert.deepEqual([startedAt, finishedAt], Array(2).fill(Date.UTC(2026, 10, 24, 7, 33, 15, 782)));
  });

  it('takes an image reference apart, never asking for all tags', () => {
    const cases = {
      nginx: { fromImage: 'nginx', tag: 'latest' },
      'nginx:1.25': { fromImage: 'nginx', tag: '1.25' },
      'host:5000/a/b': { fromImage: 'host:5000/a/b', tag: 'latest' },
      'host:5000/a/b:v1': { fromImage: 'host:5000/a/b', tag: 'v1' },
      'a/b@sha256:0123': { fromImage: 'a/b', tag: 'sha256:0123' },
    };
    for (const [reference, parts] of Object.entries(cases)) assert.deepEqual(nameAndTag(reference), parts);
  });

  it('cuts a log into its frames wherever it was cut on the way', async () => {
    const frame = (stream: number, text: string) => {
      const header = Buffer.alloc(8);
      header[0] = stream;
      header.writeUInt32BE(Buffer.byteLength(text), 4);
      return Buffer.concat([header, Buffer.from(text)]);
    };
    const bytes = Buffer.concat([frame(1, 'one\n'), frame(2, ''), frame(2, 'oops\n'), frame(1, 'x'.repeat(300))]);
    for (const size of [1, 3, 8, 13, bytes.length]) {
      const chunks: string[] = [];
      const pieces = async function* () {
        for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
      };
      for await (const { stream, data } of demultiplex(pieces()))
        chunks.push(`${stream}: ${Buffer.from(data).toString()}`);
      assert.deepEqual(chunks, ['stdout: one\n', 'stderr: ', 'stderr: oops\n', `stdout: ${'x'.repeat(300)}`]);
    }
  });

  it('adds a pull up over its layers, never going back', () => {
    const sum = new PullSum();
    const steps = [
      [{ status: 'Pulling from library/nginx', id: '1.25' }, 0, 0],
      [{ status: 'Pulling fs layer', progressDetail: {}, id: 'a' }, 0, 0],
      [{ status: 'Downloading', progressDetail: { current: 10, total: 100 }, id: 'a' }, 10, 100],
      [{ status: 'Downloading', progressDetail: { current: 5, total: 50 }, id: 'b' }, 15, 150],
      [{ status: 'Download complete', progressDetail: {}, id: 'b' }, 60, 150],
      [{ status: 'Extracting', progressDetail: { current: 1, total: 50 }, id: 'b' }, 60, 150],
      [{ status: 'Pull complete', progressDetail: {}, id: 'a' }, 150, 150],
      [{ status: 'Digest: sha256:01' }, 150, 150],
    ] as const;
    for (const [line, current, total] of steps) {
      sum.add(line);
      assert.deepEqual(sum.progress, { current, total, status: line.status });
    }
  });

  it('publishes two ports of the host for one of the container', () => {
    const network = { kind: 'container', id: 'abc' } as const;
    const port = { containerPort: 53, protocol: 'UDP' } as const;
    const portBindings = [
      { ...port, hostPort: 53 },
      { ...port, hostPort: 5353, hostIP: '127.0.0.1' },
    ];
    const options = toCreateOptions(
      { name: 'a', image: 'b', labels: {}, network, portBindings },
      { logDriver: 'local' },
    );
    assert.deepEqual(options, {
      Image: 'b',
      Labels: {},
      ExposedPorts: { '53/udp': {} },
      HostConfig: {
        NetworkMode: 'container:abc',
        RestartPolicy: { Name: 'no' },
        PortBindings: {
          '53/udp': [
            { HostIp: '', HostPort: '53' },
            { HostIp: '127.0.0.1', HostPort: '5353' },
          ],
        },
      },
    });
  });

  it('mounts folders of the machine, and never has Docker make one that is missing', () => {
    const spec = { name: 'web', image: 'web', labels: {}, network: { kind: 'host' } as const };
    const mounts = [{ source: '/var/lib/sampan/pods/u/volumes/all', target: '/etc/all', readOnly: true }];
    const { HostConfig } = toCreateOptions({ ...spec, mounts }, { logDriver: 'json-file' });
    assert.deepEqual(HostConfig?.Mounts, [
      { Type: 'bind', Source: '/var/lib/sampan/pods/u/volumes/all', Target: '/etc/all', ReadOnly: true },
    ]);
    assert.equal(HostConfig?.Binds, undefined);
    const seen = { ...mounts[0], propagation: 'rslave' } as BindMount;
    const [later] = toCreateOptions({ ...spec, mounts: [seen] }, { logDriver: 'json-file' }).HostConfig?.Mounts ?? [];
    assert.deepEqual(later?.BindOptions, { Propagation: 'rslave' });
    assert.equal(toCreateOptions(spec, { logDriver: 'json-file' }).HostConfig?.Mounts, undefined);
  });

  it('asks for security only where the container does', () => {
    const spec = { name: 'a', image: 'b', labels: {}, network: { kind: 'host' } as const };
    const security = (given: ContainerSecurity, seccompProfile?: string) => {
      const facts = { logDriver: 'local', ...(seccompProfile !== undefined && { seccompProfile }) };
      const { HostConfig: asked } = toCreateOptions({ ...spec, security: given }, facts);
      const { RestartPolicy: _, NetworkMode: __, ...rest } = asked ?? {};
      return rest;
    };
    assert.deepEqual(security({}), {});
    assert.deepEqual(security({ privileged: true, readOnlyRoot: true }), { Privileged: true, ReadonlyRootfs: true });
    assert.deepEqual(security({ appArmor: 'web', noNewPrivileges: true, seccomp: 'unconfined' }), {
      SecurityOpt: ['no-new-privileges', 'seccomp=unconfined', 'apparmor=web'],
    });
    assert.deepEqual(security({ seccomp: { file: '/x.json' } }, '{}'), { SecurityOpt: ['seccomp={}'] });
    assert.deepEqual(security({ unmaskedProc: true }), { MaskedPaths: [], ReadonlyPaths: [] });
  });
});
