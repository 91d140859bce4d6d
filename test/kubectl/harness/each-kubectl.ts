/** Declares one suite for each of several kubectl versions, with an API server and a kubectl of its own. */
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
 * this machine lacks is said to be skipped.
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

/** No package of Debian's has these versions, so a machine may well lack one, and nothing can be installed that has it. */
function declareMissing(version: KubectlVersion): void {
  it.skip(`SKIPPED: there is no kubectl.${version} beside the kubectl on PATH (or $KUBECTL)`);
}
