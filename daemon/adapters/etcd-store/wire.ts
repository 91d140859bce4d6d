/** Between the port's values and etcd's messages (https://etcd.io/docs/v3.4/learning/api/). Pure; the rest of this folder uses it. */
import type { IEvent, IKeyValue, IRequestOp, ITxnRequest } from 'etcd3';
import type { StoredValue, StoreEvent, StoreEvents, Transaction, Write } from '../../../reconcilers/ports/store.ts';
import { compareKeys, listStart, prefixEnd } from '../../../reconcilers/ports/store-rules.ts';

/** etcd's way to say "no end", and in a key's place "from the very first". */
const OPEN = Buffer.from([0]);

/** The keys below `prefix`, from the one after `after` on. */
export function rangeOf(prefix: string, after?: string): { key: Buffer; range_end: Buffer } {
  const start = Buffer.from(listStart(prefix, after));
  const end = prefixEnd(prefix);
  return { key: start.length === 0 ? OPEN : start, range_end: end === undefined ? OPEN : Buffer.from(end) };
}

export function toStoredValue(kv: IKeyValue): StoredValue {
  return {
    key: kv.key.toString(),
    value: kv.value.toString(),
    createRevision: Number(kv.create_revision),
    modRevision: Number(kv.mod_revision),
  };
}

/** In its failure branch it reads the keys of all conditions, so that the answer tells which ones did not hold. */
export function toTxn({ conditions, writes }: Transaction): ITxnRequest {
  return {
    compare: conditions.map(({ key, modRevision }) => ({
      key: Buffer.from(key),
      target: 'Mod',
      result: 'Equal',
      mod_revision: String(modRevision),
    })),
    success: writes.map(toRequest),
    failure: conditions.map(({ key }) => ({ request_range: { key: Buffer.from(key), keys_only: true } })),
  };
}

/** Whole revisions, oldest first; `rest` is what may be the first part of one whose other parts are still to come. */
export function toBatches(events: readonly IEvent[], moreToCome: boolean): { batches: StoreEvents[]; rest: IEvent[] } {
  const byRevision = new Map<string, IEvent[]>();
  for (const event of events) {
    const together = byRevision.get(event.kv.mod_revision);
    if (together === undefined) byRevision.set(event.kv.mod_revision, [event]);
    else together.push(event);
  }
  const last = events.at(-1)?.kv.mod_revision;
  const rest = moreToCome && last !== undefined ? (byRevision.get(last) ?? []) : [];
  if (moreToCome && last !== undefined) byRevision.delete(last);
  const batches = [...byRevision].map(([revision, together]) => ({
    revision: Number(revision),
    events: together.map(toEvent).sort((a, b) => compareKeys(a.key, b.key)),
  }));
  return { batches, rest };
}

function toRequest(write: Write): IRequestOp {
  const key = Buffer.from(write.key);
  if (write.op === 'delete') return { request_delete_range: { key } };
  return {
    request_put: { key, value: Buffer.from(write.value), ...(write.lease !== undefined && { lease: write.lease }) },
  };
}

function toEvent({ type, kv, prev_kv: previous }: IEvent): StoreEvent {
  const key = kv.key.toString();
  const before = previous && { previous: toStoredValue(previous) };
  // The names of enums come as etcd's files have them, in capitals, whatever etcd3's types say.
  return type.toUpperCase() === 'DELETE'
    ? { type: 'delete', key, ...before }
    : { type: 'put', key, value: toStoredValue(kv), ...before };
}
