import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NodeNameFilesSource } from '../../../daemon/adapters/node-names.ts';

describe('the names that a node knows', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sampan-names-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const source = (resolvConf: string) =>
    new NodeNameFilesSource({
      hosts: file('hosts', '127.0.0.1 localhost\n'),
      resolvConf: file('resolv.conf', resolvConf),
      behindStub: file('behind', 'nameserver 192.0.2.1\nsearch corp\n'),
    });

  it('are read from its files each time', async () => {
    const names = source('nameserver 192.0.2.53\n');
    const before = { hosts: '127.0.0.1 localhost\n', resolvConf: 'nameserver 192.0.2.53\n', isDockers: false };
    assert.deepEqual(await names.read(), before);
    file('resolv.conf', 'nameserver 192.0.2.54\n');
    assert.equal((await names.read()).resolvConf, 'nameserver 192.0.2.54\n');
  });

  it('are those behind the stub that only the node itself can ask', async () => {
    assert.equal((await source('nameserver 127.0.0.53\n').read()).resolvConf, 'nameserver 192.0.2.1\nsearch corp\n');
    const both = 'nameserver 127.0.0.53\nnameserver 192.0.2.9\n';
    assert.equal((await source(both).read()).resolvConf, both);
  });

  it('are none where there are no files', async () => {
    const names = new NodeNameFilesSource({ hosts: join(folder, 'a'), resolvConf: join(folder, 'b') });
    assert.deepEqual(await names.read(), { hosts: '', resolvConf: '', isDockers: false });
  });
});
