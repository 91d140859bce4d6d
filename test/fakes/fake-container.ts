/** One container of the fake runtime: its record as it changes, and its log. Only the fake runtime changes it. */

import type { Duplex } from 'node:stream';
import type { ContainerRecord, ContainerSpec, LogChunk } from '../../reconcilers/ports/container-runtime.ts';
import type { FakeLog } from './fake-log.ts';
import type { FakeProcess } from './fake-process.ts';

export interface FakeImage {
  /** Without it one is made from the reference. */
  readonly id?: string;
  readonly sizeBytes?: number;
  /** Whom its containers run as. */
  readonly user?: string;
  /** What a container of it writes when it starts. */
  readonly output?: readonly { readonly stream: LogChunk['stream']; readonly text: string }[];
  /** It ends by itself at once, with this code; without it, it runs until it is stopped. */
  readonly exitCode?: number;
  /** The cores that a container of it keeps busy, and the memory it holds; 0 and 1 Mi without them. */
  readonly cores?: number;
  readonly memoryBytes?: number;
  /** What it does on SIGTERM: end with a code (0 without it), or nothing. */
  readonly onSigterm?: number | 'ignore';
  /** What its programs do, by the first word of an exec's command. */
  readonly programs?: Readonly<Record<string, FakeProgram>>;
  /** What its own process does with the streams of those who attach. */
  readonly onAttach?: FakeProgram;
  /** Who listens on which port. */
  readonly servers?: Readonly<Record<number, (connection: Duplex) => void>>;
}

/** Resolves to its exit code. */
export type FakeProgram = (process: FakeProcess) => Promise<number>;

export interface FakeContainer {
  readonly spec: ContainerSpec;
  readonly image: FakeImage;
  record: ContainerRecord;
  readonly log: FakeLog;
  readonly processes: Set<FakeProcess>;
}
