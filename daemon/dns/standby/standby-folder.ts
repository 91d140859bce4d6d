/**
 * What a daemon leaves for the process that answers names in its absence, in a folder of the data dir: what it knew last, and who answers
 * now. Whoever begins to answer writes himself down there; whoever reads another's name there has nothing more to do. Touches no network.
 */
import { mkdirSync, readFileSync, renameSync, watch, writeFileSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { NamedObjects } from '../zone/cluster-objects.ts';

const RECORDS = 'records.json';
const ANSWERER = 'answerer.json';
const LOG = 'standby.log';

/** All that names are answered from. */
export interface StandbyRecords {
  readonly clusterDomain: string;
  readonly clusterDns: string;
  /** In CIDR notation. */
  readonly ranges: readonly string[];
  readonly resolvConf: string;
  readonly revision: number;
  readonly objects: NamedObjects;
}

export interface Answerer {
  /** Of one daemon from its start to its end. */
  readonly id: string;
  readonly address: string;
  readonly port: number;
}

export class StandbyFolder {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  get logPath(): string {
    return join(this.path, LOG);
  }

  create(): void {
    mkdirSync(this.path, { recursive: true, mode: 0o700 });
  }

  async write(records: StandbyRecords): Promise<void> {
    const beside = `${this.#recordsPath}.new`;
    await writeFile(beside, JSON.stringify(records), { mode: 0o600 });
    await rename(beside, this.#recordsPath);
  }

  read(): StandbyRecords {
    return JSON.parse(readFileSync(this.#recordsPath, 'utf8')) as StandbyRecords;
  }

  /** Who answered last; undefined where nobody ever did. */
  answerer(): Answerer | undefined {
    try {
      return JSON.parse(readFileSync(this.#answererPath, 'utf8')) as Answerer;
    } catch {
      return undefined;
    }
  }

  takeOver(answerer: Answerer): void {
    const beside = `${this.#answererPath}.new`;
    writeFileSync(beside, JSON.stringify(answerer));
    renameSync(beside, this.#answererPath);
  }

  /** Resolves when somebody else than `id` answers, or the folder is gone. */
  async superseded(id: string): Promise<void> {
    await new Promise<void>((resolve) => {
      const look = () => {
        if (this.answerer()?.id === id) return;
        watcher.close();
        resolve();
      };
      // Watched before it is read: nobody comes in between.
      const watcher = watch(this.path, look);
      watcher.on('error', look);
      look();
    });
  }

  get #recordsPath(): string {
    return join(this.path, RECORDS);
  }

  get #answererPath(): string {
    return join(this.path, ANSWERER);
  }
}
