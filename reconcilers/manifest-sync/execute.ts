/** Carries out manifest-sync's actions through the API, and tells people what was done, or refused, and why. */

import type { EventRecorder } from '../kit/event-recorder.ts';
import type { ReadOnlyCache } from '../kit/object-cache.ts';
import type { Executors } from '../kit/reconciler.ts';
import type { JsonObject } from '../objects/json.ts';
import type { AnyObject } from '../objects/kinds.ts';
import type { Draft } from '../objects/meta.ts';
import type { InventoryEntry, Source } from '../objects/source.ts';
import { isSampanError, messageOf, SampanError } from '../ports/errors.ts';
import type { Log } from '../ports/log.ts';
import type { ObjectClient } from '../ports/object-client.ts';
import type { Action, Origin } from './actions.ts';
import { nameOf, shortRevision } from './observation.ts';
import type { SourceReader } from './source-reader.ts';
import { problemLines } from './sync-status.ts';

const PROBLEMS_IN_EVENT = 10;
/** What the API says of an object that it will not have, however often it is asked. */
const REFUSALS = ['Invalid', 'Forbidden', 'BadRequest'] as const;
/** What it says to who was outrun: the next look sees why. */
const LOST_RACES = {
  AlreadyExists: 'somebody else created it',
  NotFound: 'it, or its namespace, was deleted',
} as const;

export interface ExecuteDeps {
  readonly client: ObjectClient;
  readonly cache: ReadOnlyCache;
  readonly events: EventRecorder;
  readonly log: Log;
  readonly reader: SourceReader;
  /** Looks at a source again, at once. */
  readonly enqueue: (source: string) => void;
}

export function executors({ client, cache, events, log, reader, enqueue }: ExecuteDeps): Executors<Action> {
  /** Carries out a write; where the API refuses it, that becomes a problem of the revision, for the next look to plan from. */
  const write = async (
    { source, revision, target, file, line }: Origin,
    work: () => Promise<unknown>,
  ): Promise<void> => {
    try {
      await work();
    } catch (error) {
      if (isSampanError(error, 'AlreadyExists', 'NotFound')) {
        const detail = `${LOST_RACES[error.code as keyof typeof LOST_RACES]} at the same time`;
        throw new SampanError('Conflict', { resource: target.kind, name: target.key.name, detail }, error);
      }
      if (!isSampanError(error, ...REFUSALS) || error.details.cause === 'NamespaceTerminating') throw error;
      const message = `${nameOf(target)}: ${messageOf(error)}`;
      const isNews = reader.reject(source, { ...target, revision, problem: { file, line, message } });
      enqueue(source);
      if (!isNews) {
        const conflict = { resource: target.kind, name: target.key.name, detail: 'the API refuses it as before' };
        throw new SampanError('Conflict', conflict, error);
      }
      const detail = `${file}:${line} ${message}`;
      throw new SampanError('SourceInvalid', { source, revision, count: 1, detail, kept: 'the last good one' }, error);
    }
  };

  const recordInventory = async (name: string, inventory: readonly InventoryEntry[]): Promise<void> => {
    const source = current(cache, name);
    await client.updateStatus('Source', { ...source, status: { ...source.status, inventory: [...inventory] } });
  };

  return {
    'record-source': async ({ source: name, spec, inventory }) => {
      const source = cache.get('Source', { namespace: '', name });
      if (source !== undefined) {
        await client.update('Source', { ...source, spec });
        return;
      }
      const status = { inventory: [...inventory], conditions: [], history: [] };
      await client.create('Source', { apiVersion: 'sampan.dev/v1', kind: 'Source', metadata: { name }, spec, status });
    },

    'record-inventory': ({ source, inventory }) => recordInventory(source, inventory),

    'create-object': (action) =>
      write(action, async () => {
        await client.create(action.target.kind, action.object as JsonObject & Draft<AnyObject>);
        reader.did(action.source, action.revision, 'created');
      }),

    'patch-object': (action) =>
      write(action, async () => {
        const { object, fields, reason, source, revision, file, line } = action;
        const written = await client.update(object.kind, object);
        reader.did(source, revision, 'changed');
        const where = `${file}:${line}`;
        if (reason === 'drift') {
          const message = `${list(fields)} differed from what ${where} declares, and was put back`;
          events.record(written, 'Warning', 'DriftCorrected', message);
        } else if (reason === 'adopted') {
          events.record(written, 'Normal', 'Adopted', `declared at ${where}, it belongs to source ${source} now`);
        }
      }),

    'release-addresses': (action) => write(action, () => client.update('Service', action.object)),

    'replace-object': (action) =>
      write(action, async () => {
        const { target, uid, fields, file, line } = action;
        const live = cache.get(target.kind, target.key);
        if (live !== undefined) {
          const message = `${list(fields)} cannot be changed: deleted, to be created anew as ${file}:${line} declares`;
          events.record(live, 'Normal', 'Replaced', message);
        }
        await deleteIfSame(client, action, uid);
      }),

    'delete-object': async (action) => {
      await deleteIfSame(client, action, action.uid);
      reader.did(action.source, action.revision, 'pruned');
    },

    'record-status': async ({ source: name, status }) => {
      const source = current(cache, name);
      // First: a crash in between finds a revision in the archive that is applied, though not yet recorded so.
      if (status.appliedRevision !== undefined) await reader.keep(name, status.appliedRevision);
      const written = await client.updateStatus('Source', { ...source, status });
      tell(written, source.status, events, log);
    },
  };
}

function current(cache: ReadOnlyCache, name: string): Source {
  const source = cache.get('Source', { namespace: '', name });
  // Deleted by somebody since it was observed: the next look creates it.
  if (source === undefined) throw new SampanError('Conflict', { resource: 'sources', name, detail: 'it is gone' });
  return source;
}

async function deleteIfSame(client: ObjectClient, { target }: Pick<Origin, 'target'>, uid: string): Promise<void> {
  await client.delete(target.kind, target.key, { uid });
}

/** What changed in a Source, as events and, where a person should act, in the log. */
function tell(source: Source, before: Source['status'], events: EventRecorder, log: Log): void {
  const { status } = source;
  const fields = { source: source.metadata.name, location: source.spec.location };
  const [newest] = status.history;
  if (newest !== undefined && newest !== before.history[0] && !same(newest, before.history[0])) {
    const revision = shortRevision(newest.revision);
    const lines = problemLines(status, PROBLEMS_IN_EVENT);
    if (newest.outcome === 'Applied') {
      events.record(source, 'Normal', 'Applied', `${revision} ${newest.message}`.trim());
    } else {
      const why = newest.outcome === 'Refused' ? lines.join('\n') : newest.message;
      events.record(source, 'Warning', newest.outcome, `${revision} is refused, the last good one stays: ${why}`);
      const problems = newest.outcome === 'Refused' ? lines : [newest.message];
      log.error('a revision is refused, the last good one stays', { ...fields, revision, problems });
    }
  }
  const reachable = (of: Source['status']) => of.conditions.find(({ type }) => type === 'Reachable');
  const [was, is] = [reachable(before), reachable(status)];
  if (is?.status === 'False' && was?.status !== 'False') {
    events.record(source, 'Warning', 'Unreachable', is.message ?? '');
    log.error('a source cannot be read, what it declared last stays', { ...fields, error: is.message });
  } else if (is?.status === 'True' && was?.status === 'False') {
    events.record(source, 'Normal', 'Reachable', 'it can be read again');
    log.info('a source can be read again', fields);
  }
}

function same(a: Source['status']['history'][number], b: Source['status']['history'][number] | undefined): boolean {
  return b !== undefined && a.revision === b.revision && a.outcome === b.outcome && a.at === b.at;
}

function list(fields: readonly string[]): string {
  const shown = fields.slice(0, 5).join(', ');
  return fields.length > 5 ? `${shown} and ${fields.length - 5} more` : shown;
}
