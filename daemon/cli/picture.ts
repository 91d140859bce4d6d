/**
 * The state of everything declared, as a few lines of text: sources, how far each ReplicationController is, which pods are not
 * ready and why, image pulls with progress. The live view of `sampan run` and `sampan status` show it. Pure.
 */

import { age } from '../../reconcilers/objects/age.ts';
import { podStatus } from '../../reconcilers/objects/kinds/pod-columns.ts';
import type { Pod } from '../../reconcilers/objects/pod.ts';
import { allContainerStatuses, isPodReady, isPodTerminal } from '../../reconcilers/objects/pod.ts';
import type { ReplicationController } from '../../reconcilers/objects/replication-controller.ts';
import type { Source } from '../../reconcilers/objects/source.ts';
import type { PullProgress } from '../../reconcilers/ports/container-runtime.ts';

export interface PictureFacts {
  readonly sources: readonly Source[];
  readonly controllers: readonly ReplicationController[];
  readonly pods: readonly Pod[];
  /** By image reference. */
  readonly pulls: ReadonlyMap<string, PullProgress>;
  readonly now: number;
}

const BAR_CELLS = 20;
const SHOWN_PODS = 8;
const SHOWN_PROBLEMS = 20;

export function drawPicture(facts: PictureFacts): string {
  const lines = [
    ...facts.sources.flatMap((source) => drawSource(source, facts.now)),
    ...facts.controllers.toSorted(byName).map(drawController),
    ...drawUnreadyPods(facts.pods),
    ...[...facts.pulls].map(([image, progress]) => drawPull(image, progress)),
  ];
  return lines.join('\n');
}

/** Whether everything declared runs: the picture then stands still. */
export function isSettled({ controllers, pods, pulls }: PictureFacts): boolean {
  return (
    pulls.size === 0 && controllers.every(isComplete) && pods.every((pod) => isPodReady(pod) || isPodTerminal(pod))
  );
}

function drawSource(source: Source, now: number): string[] {
  const { status, spec } = source;
  const ready = status.conditions.find((condition) => condition.type === 'Ready');
  const applied =
    status.appliedRevision === undefined
      ? 'nothing applied yet'
      : `applied ${shortRevision(status.appliedRevision)} ${age(status.appliedAt, now)} ago`;
  const mark = ready?.status === 'True' ? '✔' : ready?.status === 'False' ? '✖' : '…';
  const problems = ready?.status === 'False' ? (ready.message ?? '').split('\n').slice(0, SHOWN_PROBLEMS) : [];
  return [`${mark} ${spec.location}  ${applied}`, ...problems.filter(Boolean).map((problem) => `    ${problem}`)];
}

function drawController(controller: ReplicationController): string {
  const { replicas } = controller.spec;
  const ready = controller.status.readyReplicas ?? 0;
  const name = `${controller.metadata.namespace}/${controller.metadata.name}`;
  return `  ${name.padEnd(30)} ${bar(ready, replicas)} ${ready}/${replicas} ready`;
}

function drawUnreadyPods(pods: readonly Pod[]): string[] {
  const unready = pods.filter((pod) => !isPodReady(pod) && !isPodTerminal(pod)).toSorted(byName);
  const lines = unready.slice(0, SHOWN_PODS).map((pod) => {
    const why = whyUnready(pod);
    return `    ${pod.metadata.name.padEnd(28)} ${podStatus(pod)}${why === '' ? '' : `: ${why}`}`;
  });
  const more = unready.length - SHOWN_PODS;
  return more > 0 ? [...lines, `    and ${more} more pods not ready`] : lines;
}

/** The sentence a container waits with, or the scheduler's. */
export function whyUnready(pod: Pod): string {
  const waiting = allContainerStatuses(pod).find(({ state }) => state.waiting?.message)?.state.waiting?.message;
  const unscheduled = pod.status.conditions?.find((c) => c.type === 'PodScheduled' && c.status === 'False')?.message;
  return waiting ?? unscheduled ?? pod.status.message ?? '';
}

function drawPull(image: string, { current, total, status }: PullProgress): string {
  const size = total > 0 ? `${megabytes(current)}/${megabytes(total)} MB` : status;
  return `  pulling ${image.padEnd(22)} ${bar(current, total)} ${size}`;
}

function bar(done: number, all: number): string {
  const cells = all === 0 ? BAR_CELLS : Math.min(BAR_CELLS, Math.floor((done / all) * BAR_CELLS));
  return '█'.repeat(cells) + '░'.repeat(BAR_CELLS - cells);
}

function isComplete({ spec, status }: ReplicationController): boolean {
  return (status.readyReplicas ?? 0) === spec.replicas && status.replicas === spec.replicas;
}

function shortRevision(revision: string): string {
  return revision.startsWith('sha256:') ? revision.slice(0, 14) : revision.slice(0, 7);
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}

function byName(a: { metadata: { name: string } }, b: { metadata: { name: string } }): number {
  return a.metadata.name < b.metadata.name ? -1 : 1;
}
