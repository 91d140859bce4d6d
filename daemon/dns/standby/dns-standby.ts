/**
 * The daemon's side of who answers names when no daemon runs. A shell, which costs less than a megabyte, has the daemon's listening sockets and
 * waits for the daemon's end, however that comes; then it becomes `sampan dns-standby` (answer-as-standby.ts). What is asked in between waits
 * in the sockets. Made by name-server.ts, told by dns-server.ts.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, openSync } from 'node:fs';
import { messageOf } from '../../../reconcilers/ports/errors.ts';
import type { Server } from '../upstream/exchange.ts';
import { RecordKeeper, type RecordKeeperDeps, type RecordSettings } from './record-keeper.ts';
import { socketDescriptor } from './socket-descriptor.ts';
import type { StandbyFolder } from './standby-folder.ts';

/** Where the standby finds them: after the three that every process has. */
export const INHERITED = { udp: 3, tcp: 4 } as const;

/** `read` ends when the last writer of its input is gone: the daemon. */
const WAIT = 'read -r _; exec "$@"';

export interface DnsStandbyOptions {
  readonly folder: StandbyFolder;
  /** The words that run this program: `node main.ts`. */
  readonly program: readonly string[];
  readonly settings: RecordSettings;
}

export class DnsStandby {
  readonly #options: DnsStandbyOptions;
  readonly #deps: RecordKeeperDeps;
  readonly #id = randomBytes(8).toString('hex');
  #keeper: RecordKeeper | undefined;
  #waiting: ChildProcess | undefined;

  constructor(options: DnsStandbyOptions, deps: RecordKeeperDeps) {
    this.#options = options;
    this.#deps = deps;
  }

  /** Where the daemon before this one listened: its standby may still, and would share the place. */
  get formerPlace(): Server | undefined {
    return this.#options.folder.answerer();
  }

  /** From now on this daemon answers at `place`; whoever stood in for the one before ends. Never rejects. */
  async standBehind(place: Server): Promise<void> {
    const { folder, settings } = this.#options;
    try {
      folder.create();
      this.#keeper = new RecordKeeper(folder, settings, this.#deps);
      await this.#keeper.write();
      this.#waiting = this.#wait(place);
      folder.takeOver({ id: this.#id, ...place });
    } catch (error) {
      this.#deps.log.error('no names will be answered while no daemon runs', { error: messageOf(error) });
    }
  }

  /** The daemon ends: the standby begins. */
  async close(): Promise<void> {
    await this.#keeper?.close();
    this.#waiting?.stdin?.destroy();
  }

  #wait(place: Server): ChildProcess {
    const { folder, program } = this.#options;
    const [udp, tcp] = [socketDescriptor('udp', place), socketDescriptor('tcp', place)];
    if (udp === undefined || tcp === undefined)
      throw new Error(`the sockets at ${place.address} are not found in /proc`);
    const log = openSync(folder.logPath, 'w', 0o600);
    const command = [...program, 'dns-standby', '--folder', folder.path, '--id', this.#id];
    const child = spawn('sh', ['-c', WAIT, 'sampan-dns-standby', ...command], {
      // A session of its own: a Ctrl-C at the terminal is for the daemon alone.
      detached: true,
      cwd: '/',
      stdio: ['pipe', log, log, udp, tcp],
    });
    closeSync(log);
    child.on('error', (error) =>
      this.#deps.log.error('no names will be answered while no daemon runs', { error: messageOf(error) }),
    );
    child.stdin?.on('error', () => undefined);
    child.unref();
    return child;
  }
}
