/**
 * The project's images in the engines of tests and benchmarks. Loading them costs an engine more than its start, so what the first one
 * made of them is kept beside their archive, and the next ones begin with a copy. The test bed calls this, before and after an engine's start.
 */
import { createReadStream, existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Dockerd } from './dockerd.ts';
import { run } from './run.ts';

/** Of an engine's data: layers, and what it knows of images and of the layers. Other storage drivers have other folders, and load each time. */
const FOLDERS = ['overlay2', 'image'];

const checkout = dirname(dirname(dirname(import.meta.dirname)));
let building: Promise<string> | undefined;

/** `images-<version>`, the archive's path without its ending. */
function imagesPath(): Promise<string> {
  building ??= run(join(checkout, 'hack/build-images'), ['--archive-only'], { timeoutMs: 120_000 }).then((path) =>
    path.trim().replace(/\.tar$/, ''),
  );
  return building;
}

/** Not among the archives, of which hack/build-images deletes the old. */
const keptAt = (images: string) => join(dirname(images), 'loaded', basename(images));

/** Gives an engine that has not started yet the images, where an earlier one left a copy. */
export async function copyImages(dataRoot: string): Promise<void> {
  const kept = keptAt(await imagesPath());
  await mkdir(dataRoot, { recursive: true });
  if (existsSync(kept)) await run('cp', ['-a', `${kept}/.`, dataRoot]);
}

/** Gives the engine the pause image, the walkthrough's images, `sampan/bench-http:1` and `sampan/busybox:1` if it has not got them. */
export async function loadImages(dockerd: Dockerd): Promise<void> {
  const images = await imagesPath();
  if (await hasImages(dockerd, await readFile(`${images}.ids`, 'utf8'))) return;
  const answer = await dockerd.api.send<string>({
    method: 'POST',
    path: '/images/load?quiet=1',
    body: createReadStream(`${images}.tar`),
  });
  if (!String(answer).includes('Loaded image')) throw new Error(`Docker did not load the images: ${String(answer)}`);
  await keepCopy(dockerd.dataRoot, keptAt(images));
}

/** `ids`: a line for each image, its id and its name. */
async function hasImages(dockerd: Dockerd, ids: string): Promise<boolean> {
  const listed = await dockerd.api.send<{ Id: string; RepoTags: string[] | null }[]>({ path: '/images/json' });
  const found = new Set(listed.flatMap(({ Id, RepoTags }) => (RepoTags ?? []).map((name) => `${Id} ${name}`)));
  return ids
    .trim()
    .split('\n')
    .every((line) => found.has(line));
}

/** Nobody uses the engine yet, so its files hold still. Of several who keep a copy at once the first one's stays. */
async function keepCopy(dataRoot: string, kept: string): Promise<void> {
  if (existsSync(kept) || !FOLDERS.every((name) => existsSync(join(dataRoot, name)))) return;
  const draft = `${kept}.${process.pid}`;
  await mkdir(draft, { recursive: true });
  await run('cp', ['-a', ...FOLDERS.map((name) => join(dataRoot, name)), draft]);
  await rename(draft, kept).catch(() => rm(draft, { recursive: true, force: true }));
}
