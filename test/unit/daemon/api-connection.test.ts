/** What the CLI says where nobody answers: the way to somebody who does. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApiConnection } from '../../../daemon/cli/api-connection.ts';

describe('the CLI without a daemon', () => {
  let dataDir: string;
  beforeEach(() => {
    dataDir = mkdtempSync(join(tmpdir(), 'sampan-cli-'));
  });
  afterEach(() => rmSync(dataDir, { recursive: true }));

  it('says how one is started', async () => {
    await assert.rejects(new ApiConnection(dataDir).json('/diagnostics'), /start one with sampan run/);
  });

  it('says on an agent that its masters are to be asked, and how', async () => {
    mkdirSync(join(dataDir, 'pki'));
    writeFileSync(join(dataDir, 'pki/agent.pem'), '');
    await assert.rejects(
      new ApiConnection(dataDir).json('/diagnostics'),
      /this machine is a node of a cluster \(sampan agent\).*run this on one of them.*sampan kubeconfig --server/,
    );
  });
});
