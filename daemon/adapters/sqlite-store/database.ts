/**
 * The file of the embedded store: opens it for this process alone, with the settings that make a commit survive power loss, and
 * says in the project's own errors what SQLite refuses. SqliteStore opens it; what is written into it is history.ts's business.
 */
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { messageOf, SampanError } from '../../../reconcilers/ports/errors.ts';

/** "Samp": tells the file from other programs' databases. */
const APPLICATION_ID = 0x53616d70;
const SCHEMA_VERSION = 1;

/**
 * Every version of every key since the last compaction. The newest of a key is its current state, and a list as of an old
 * revision is the same query with a smaller number.
 */
const SCHEMA = `
  CREATE TABLE history (
    id              INTEGER PRIMARY KEY,
    revision        INTEGER NOT NULL,
    key             TEXT NOT NULL,
    value           TEXT,              -- NULL: deleted
    create_revision INTEGER NOT NULL,
    previous        INTEGER NOT NULL,  -- the revision of the value this replaced; 0: there was none
    lease           INTEGER
  );
  CREATE UNIQUE INDEX history_by_key ON history (key, revision);
  CREATE INDEX history_by_revision ON history (revision);
  CREATE INDEX history_by_lease ON history (lease) WHERE lease IS NOT NULL;
  CREATE TABLE leases (id INTEGER PRIMARY KEY AUTOINCREMENT, ttl_seconds REAL NOT NULL);
  CREATE TABLE compaction (revision INTEGER NOT NULL);
  INSERT INTO compaction VALUES (0);
  PRAGMA application_id = ${APPLICATION_ID};
  PRAGMA user_version = ${SCHEMA_VERSION};
`;

/** https://www.sqlite.org/rescode.html, the primary codes. */
const SQLITE = { busy: 5, corrupt: 11, full: 13, notADatabase: 26 };

/**
 * Opens the file at `path`, creating it (readable by its owner only) and its folder where they are missing. Throws StoreLocked
 * where another process has it, StoreCorrupt where it is none of ours.
 */
export function openDatabase(path: string): DatabaseSync {
  const endpoint = endpointOf(path);
  let db: DatabaseSync | undefined;
  try {
    createFile(path);
    db = new DatabaseSync(path);
    // Exclusive: the lock is the kernel's, so it ends with the process however that ends; it also spares the -shm file.
    db.exec(`
      PRAGMA locking_mode = EXCLUSIVE;
      PRAGMA auto_vacuum = INCREMENTAL;
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = FULL;
      PRAGMA journal_size_limit = 16777216;
      PRAGMA cache_size = -16384;
    `);
    prepareSchema(db, endpoint);
    return db;
  } catch (error) {
    db?.close();
    throw storeError(error, endpoint, path);
  }
}

export function endpointOf(path: string): string {
  return `sqlite ${path}`;
}

/** What `error` means for whoever uses the store. Errors that are the project's own stay as they are. */
export function storeError(error: unknown, endpoint: string, path = endpoint): SampanError {
  if (error instanceof SampanError) return error;
  const detail = messageOf(error);
  switch (primaryCode(error)) {
    case SQLITE.full:
      return new SampanError('StoreFull', { endpoint, detail }, error);
    case SQLITE.busy:
      return new SampanError('StoreLocked', { endpoint, path }, error);
    case SQLITE.corrupt:
    case SQLITE.notADatabase:
      return new SampanError('StoreCorrupt', { endpoint, detail }, error);
    default:
      return error instanceof Error && 'code' in error && error.code === 'ENOSPC'
        ? new SampanError('StoreFull', { endpoint, detail }, error)
        : new SampanError('StoreUnavailable', { endpoint, detail }, error);
  }
}

/** Only where it is missing: closing a second descriptor of the file would drop the process's locks on it. */
function createFile(path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  try {
    closeSync(openSync(path, 'wx', 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

function prepareSchema(db: DatabaseSync, endpoint: string): void {
  db.exec('BEGIN IMMEDIATE');
  const tables = db.prepare('SELECT count(*) AS count FROM sqlite_schema').get()?.count;
  const application = db.prepare('PRAGMA application_id').get()?.application_id;
  const version = db.prepare('PRAGMA user_version').get()?.user_version;
  if (tables === 0) db.exec(SCHEMA);
  else if (application !== APPLICATION_ID) {
    throw new SampanError('StoreCorrupt', { endpoint, detail: 'it is another program’s database' });
  } else if (version !== SCHEMA_VERSION) {
    const detail = `it has schema version ${String(version)}, this release reads ${SCHEMA_VERSION}`;
    throw new SampanError('StoreCorrupt', { endpoint, detail });
  }
  db.exec('COMMIT');
}

function primaryCode(error: unknown): number | undefined {
  const code = error instanceof Error && 'errcode' in error ? error.errcode : undefined;
  return typeof code === 'number' ? code & 0xff : undefined;
}
