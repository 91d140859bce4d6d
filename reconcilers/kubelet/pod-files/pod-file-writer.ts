/**
 * Puts a pod's own files in place and says how containers mount them. pod-start.ts has them written twice for a new pod: before the
 * containers that mount them are made, since Docker refuses a source that is missing, and with the pod's address before these start.
 */
import type { BindMount } from '../../ports/container-runtime.ts';
import type { VolumeFiles } from '../../ports/volume-files.ts';
import type { RunContainers } from '../actions.ts';
import type { ContainerView } from '../container-view.ts';
import type { HeldVolumes } from '../volumes/held-volumes.ts';
import { POD_FILES, type PodFileName, podFileTexts } from './pod-files.ts';

export interface PodFileWriterDeps {
  readonly files: VolumeFiles;
  readonly held: HeldVolumes;
  readonly view: ContainerView;
}

/** How a container that has these of the files mounts them. */
export type PodFileMounts = (names: readonly PodFileName[]) => BindMount[];

export class PodFileWriter {
  readonly #deps: PodFileWriterDeps;

  constructor(deps: PodFileWriterDeps) {
    this.#deps = deps;
  }

  /** With the pod's address, where its pause container `sandboxId` runs. */
  async write({ pod, files }: RunContainers, sandboxId?: string): Promise<PodFileMounts> {
    const { files: node, held, view } = this.#deps;
    const ip = sandboxId === undefined ? undefined : view.get(sandboxId)?.ip;
    const texts = podFileTexts(files, ip);
    // Before anything is there: what is held is removed again, whatever comes between.
    if (texts.size > 0) held.add(pod);
    const paths = await node.writeSingle(pod, texts);
    return (names) =>
      names.flatMap((name) => {
        const source = paths.get(name);
        // Containers may write into them, as they may in Kubernetes.
        return source === undefined ? [] : [{ source, target: POD_FILES[name], readOnly: false }];
      });
  }
}
