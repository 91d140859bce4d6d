/** Declares one suite for each of several kubectl versions, with an API server and a kubectl of its own. */
import assert from 'node:assert/strict';
import { type ApiBed, startApiBed } from './api-bed.ts';
import { findKubectl, Kubectl, type KubectlVersion } from './kubectl.ts';

/** kubectl itself takes a fifth of a second, on a busy machine several. */
const TIMEOUT_MS = 60_000;

export interface KubectlBed extends ApiBed {
  readonly version: KubectlVersion;
  readonly kubectl: Kubectl;
}

/**
 * A suite `title` with kubectl `version`, for each. The suite's tests share one server; `bed()` is there once they run. A version that
 * this machine lacks is said to be skipped; with CI=true that fails.
 */
export function eachKubectl(
  title: string,
  versions: readonly KubectlVersion[],
  declareTests: (bed: () => KubectlBed) => void,
): void {
  for (const version of versions) {
    describe(`${title}, kubectl ${version}`, function () {
      this.timeout(TIMEOUT_MS);
      const path = findKubectl(version);
      if (path === undefined) {
        declareMissing(version);
        return;
      }
      let bed: KubectlBed | undefined;
      before(async () => {
        const api = await startApiBed();
        bed = { ...api, version, kubectl: new Kubectl(path, api.kubeconfig) };
      });
      after(async () => {
        bed?.kubectl.remove();
        await bed?.close();
      });
      declareTests(() => bed as KubectlBed);
    });
  }
}

function declareMissing(version: KubectlVersion): void {
  const missing = `there is no kubectl.${version} beside the kubectl on PATH (or $KUBECTL)`;
  if (process.env.CI !== 'true') it.skip(`SKIPPED: ${missing}; with CI=true this fails`);
  else it('has its kubectl', () => assert.fail(missing));
}
