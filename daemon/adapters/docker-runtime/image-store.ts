/**
 * The engine's images: which there are, which are in use, and taking one away. The adapter's methods of these names are its callers;
 * it forces nothing, so that Docker itself keeps what somebody still needs.
 */
import { statfs } from 'node:fs/promises';
import type { ContainerInfo, ImageInfo, ImageInspectInfo } from 'dockerode';
import type { DiskUsage, ImageRecord } from '../../../reconcilers/ports/container-runtime.ts';
import { SampanError } from '../../../reconcilers/ports/errors.ts';
import { type DockerClient, DockerRefusal } from './docker-client.ts';
import { toSampanError, translate } from './translate.ts';

/** Layers of many files take long on slow disks. */
const REMOVAL_MS = 120_000;

export async function findImage(docker: DockerClient, reference: string): Promise<ImageRecord | undefined> {
  try {
    const image = await docker.request<ImageInspectInfo>('GET', `${pathOf(reference)}/json`);
    return { ...toImageRecord(image), ...(image.Config?.User && { user: image.Config.User }) };
  } catch (error) {
    // 400: what is no name of an image is the name of none.
    if (error instanceof DockerRefusal && [404, 400].includes(error.status)) return undefined;
    throw toSampanError(error, 'ImagePullFailed', { image: reference });
  }
}

export async function listImages(docker: DockerClient): Promise<ImageRecord[]> {
  const images = await docker.request<ImageInfo[]>('GET', '/images/json').catch(translate('Internal', {}));
  return images.map(toImageRecord);
}

export async function imagesInUse(docker: DockerClient): Promise<ReadonlySet<string>> {
  const query = { all: true };
  const [containers, images] = await Promise.all([
    docker.request<ContainerInfo[]>('GET', '/containers/json', { query }),
    // The steps of builds too: they are what a built image stands on.
    docker.request<ImageInfo[]>('GET', '/images/json', { query }),
  ]).catch(translate('Internal', {}));
  const parents = images.map(({ ParentId }) => ParentId).filter((id) => id !== '');
  return new Set([...containers.map(({ ImageID }) => ImageID), ...parents]);
}

export async function removeImage(docker: DockerClient, id: string, names: readonly string[]): Promise<void> {
  for (const name of names.length > 0 ? names : [id]) {
    try {
      await docker.request('DELETE', pathOf(name), { deadlineMs: REMOVAL_MS });
    } catch (error) {
      if (!(error instanceof DockerRefusal)) throw error;
      if (error.status === 404) continue;
      throw new SampanError(
        error.status === 409 ? 'ImageInUse' : 'Internal',
        { image: name, detail: error.message },
        error,
      );
    }
  }
}

/** Of an engine on this machine; `rootDir` is where it keeps everything. */
export async function diskUsage(endpoint: string, rootDir: string): Promise<DiskUsage | undefined> {
  if (!endpoint.startsWith('unix://')) return undefined;
  try {
    const { blocks, bavail, bsize } = await statfs(rootDir);
    return blocks === 0 ? undefined : { capacityBytes: blocks * bsize, availableBytes: bavail * bsize };
  } catch {
    // An engine in a mount namespace of its own, or one that we may not look into.
    return undefined;
  }
}

function pathOf(reference: string): string {
  return `/images/${reference.split('/').map(encodeURIComponent).join('/')}`;
}

function toImageRecord(image: Pick<ImageInfo, 'Id' | 'RepoTags' | 'RepoDigests' | 'Size'>): ImageRecord {
  const names = [...(image.RepoTags ?? []), ...(image.RepoDigests ?? [])].filter((name) => !name.includes('<none>'));
  return { id: image.Id, names, sizeBytes: image.Size };
}
