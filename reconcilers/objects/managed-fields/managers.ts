/**
 * The managers of an object's fields, read from `metadata.managedFields` and written back: one per manager, operation, version and
 * subresource. Pure.
 */
import { isJsonObject, type Json, type JsonObject, objectAt, textOf } from '../json.ts';
import type { FieldSet } from './field-set.ts';
import { parseFieldsV1, printFieldsV1 } from './fields-v1.ts';

export interface Manager {
  readonly manager: string;
  readonly operation: 'Apply' | 'Update';
  readonly apiVersion: string;
  /** When it last changed something; absent where it only ever claimed what was there. */
  readonly time?: string;
  /** `status`, `scale`; the empty string for the object itself. */
  readonly subresource: string;
  readonly fields: FieldSet;
}

/** Identity → manager. */
export type Managers = ReadonlyMap<string, Manager>;

/** The entry a manager was read from: while it stays as it is, it need not be written anew. */
const entries = new WeakMap<Manager, JsonObject>();

export const NO_MANAGERS: Managers = new Map();

/** Who a manager is. Whoever applies is the same at every version. */
export function identityOf({ manager, operation, apiVersion, subresource }: Omit<Manager, 'fields' | 'time'>): string {
  return JSON.stringify({
    manager,
    operation,
    ...(operation === 'Update' && { apiVersion }),
    ...(subresource !== '' && { subresource }),
  });
}

/** The object's managers; undefined where its managedFields are no valid ones. */
export function readManagers(object: JsonObject | undefined): Managers | undefined {
  const list = objectAt(object, 'metadata')?.managedFields ?? [];
  if (!Array.isArray(list)) return undefined;
  const managers = new Map<string, Manager>();
  for (const entry of list) {
    const manager = readManager(entry);
    if (manager === undefined) return undefined;
    managers.set(identityOf(manager), manager);
  }
  return managers;
}

function readManager(entry: Json): Manager | undefined {
  if (!isJsonObject(entry) || entry.fieldsType !== 'FieldsV1') return undefined;
  const { operation } = entry;
  const apiVersion = textOf(entry.apiVersion);
  if ((operation !== 'Apply' && operation !== 'Update') || apiVersion === '') return undefined;
  const fields = parseFieldsV1(isJsonObject(entry.fieldsV1) ? entry.fieldsV1 : {});
  if (fields === undefined) return undefined;
  const manager: Manager = {
    manager: textOf(entry.manager),
    operation,
    apiVersion,
    ...(typeof entry.time === 'string' && { time: entry.time }),
    subresource: textOf(entry.subresource),
    fields,
  };
  entries.set(manager, entry);
  return manager;
}

/** As metadata.managedFields: who applies first, then by time. Undefined: nobody manages anything. */
export function printManagers(managers: Managers): Json[] | undefined {
  if (managers.size === 0) return undefined;
  return [...managers.values()]
    .toSorted(compareManagers)
    .map((manager) => entries.get(manager) ?? printManager(manager));
}

function printManager({ manager, operation, apiVersion, time, fields, subresource }: Manager): JsonObject {
  return {
    ...(manager !== '' && { manager }),
    operation,
    apiVersion,
    ...(time !== undefined && { time }),
    fieldsType: 'FieldsV1',
    fieldsV1: printFieldsV1(fields),
    ...(subresource !== '' && { subresource }),
  };
}

function compareManagers(a: Manager, b: Manager): number {
  return (
    compareText(a.operation, b.operation) ||
    secondsOf(a) - secondsOf(b) ||
    compareText(a.manager, b.manager) ||
    compareText(a.apiVersion, b.apiVersion) ||
    compareText(a.subresource, b.subresource)
  );
}

export function secondsOf({ time }: Manager): number {
  return time === undefined ? 0 : Math.trunc(Date.parse(time) / 1000);
}

export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The object without its managedFields: they never are part of what is compared. */
export function withoutManagers(object: JsonObject): JsonObject {
  const metadata = objectAt(object, 'metadata');
  if (metadata?.managedFields === undefined) return object;
  const { managedFields: _, ...rest } = metadata;
  return { ...object, metadata: rest };
}

export function withManagers(object: JsonObject, managers: Managers): JsonObject {
  const managedFields = printManagers(managers);
  const bare = withoutManagers(object);
  if (managedFields === undefined) return bare;
  return { ...bare, metadata: { ...objectAt(bare, 'metadata'), managedFields } };
}

/** The managers without what they no longer own; those left with nothing go. */
export function takeAway(managers: Managers, lost: (identity: string, manager: Manager) => FieldSet): Managers {
  const kept = new Map<string, Manager>();
  for (const [identity, manager] of managers) {
    const fields = lost(identity, manager);
    if (fields === manager.fields) kept.set(identity, manager);
    else if (fields.size > 0) kept.set(identity, { ...manager, fields });
  }
  return kept;
}
