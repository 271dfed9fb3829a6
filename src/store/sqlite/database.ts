/**
 * Opens the database file: the lock that keeps a second process out, the pragmas, the schema by version, and the sweep of body files that
 * no row names (left by a crash between rename and commit). WAL with synchronous=FULL: a commit that returned is on disk.
 */
import {
  closeSync,
  copyFileSync,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fail, ok, type Result } from '../../base/result.ts'
import type { StoreFault } from '../store.ts'
import { bodyKinds } from './body.ts'
import { num, octets, openDoor } from './door.ts'
import { faultOf } from './fault.ts'
import { removeFile } from './files.ts'
import { APPLICATION_ID, migrations, SCHEMA_VERSION, schema } from './schema.ts'

/** Why a store does not open: a fault; another process has it; or a later version of Postern wrote it. */
export type OpenFault = StoreFault | 'locked' | 'newer-version' | 'not-ours'

export const fileNames = {
  database: 'postern.db',
  log: 'postern.db-wal',
  lock: 'postern.lock',
  bodies: 'bodies',
} as const
const PAGE_SIZE = 16384
const CACHE_KIB = 16_384
// Pages in the log at which a commit cleans up itself: far above where the storage thread has it done (app/threads/store-thread.ts).
const AUTO_CHECKPOINT = 8_000

const setUp = (db: DatabaseSync): void => {
  db.exec(`PRAGMA page_size = ${PAGE_SIZE}; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
    PRAGMA wal_autocheckpoint = ${AUTO_CHECKPOINT}; PRAGMA cache_size = -${CACHE_KIB}; PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF; PRAGMA foreign_keys = OFF;`)
}

const pragma = (db: DatabaseSync, name: 'user_version' | 'application_id'): number => {
  const row = db.prepare(`PRAGMA ${name}`).get()
  return num(row?.[name])
}

const create = (db: DatabaseSync): void => {
  db.exec(
    `BEGIN; ${schema}; PRAGMA user_version = ${SCHEMA_VERSION}; PRAGMA application_id = ${APPLICATION_ID}; COMMIT;`,
  )
}

const isNew = (db: DatabaseSync): boolean => db.prepare('SELECT 1 FROM sqlite_schema LIMIT 1').get() === undefined

/** Makes the file for its owner alone, where it is not there yet: it holds mail and keys, whatever the folder allows. SQLite gives its log the same mode. */
const makePrivate = (file: string): void => {
  try {
    closeSync(openSync(file, 'a', 0o600))
  } catch (error) {
    if (!(error instanceof Error)) throw error // SQLite says it in its own words
  }
}

/** A lock that the kernel lets go when the process dies: an exclusive transaction on a file of its own. */
export const takeLock = (folder: string): Result<DatabaseSync, OpenFault> => {
  const lock = new DatabaseSync(join(folder, fileNames.lock), { timeout: 0 })
  try {
    lock.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE')
    return ok(lock)
  } catch (error) {
    lock.close()
    const fault = faultOf(error)
    if (fault === null) throw error
    return fail(fault === 'busy' ? 'locked' : fault)
  }
}

/** Puts a file or folder on disk. */
export const syncPath = (path: string): void => {
  const handle = openSync(path, 'r')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}

/** Migrates a copy, checks it, swaps it in; the old file stays beside it as `postern.db.v1`. */
const migrate = (file: string, from: number): Result<null, OpenFault> => {
  const copy = `${file}.migrating`
  copyFileSync(file, copy)
  const db = new DatabaseSync(copy)
  try {
    for (let version = from; version < SCHEMA_VERSION; version++)
      db.exec(`BEGIN; ${migrations[version] ?? ''}; PRAGMA user_version = ${version + 1}; COMMIT;`)
    if (db.prepare('PRAGMA integrity_check(1)').get()?.['integrity_check'] !== 'ok') return fail('damaged')
    db.exec('PRAGMA journal_mode = DELETE')
  } finally {
    db.close()
  }
  syncPath(copy)
  // At every moment there is a whole database under the name: the old one gets a second name, and the new one takes the first.
  rmSync(`${file}.v${from}`, { force: true })
  linkSync(file, `${file}.v${from}`)
  renameSync(copy, file)
  syncPath(dirname(file))
  return ok(null)
}

const isSound = (db: DatabaseSync): Result<number, OpenFault> => {
  if (isNew(db)) return ok(0)
  if (pragma(db, 'application_id') !== APPLICATION_ID) return fail('not-ours')
  const version = pragma(db, 'user_version')
  return version > SCHEMA_VERSION ? fail('newer-version') : ok(version)
}

/** Opens (and makes, or migrates) the database in `folder`, or one in memory. The caller has the lock. */
export const openDatabase = (folder: string): Result<DatabaseSync, OpenFault> => {
  if (folder === ':memory:') {
    const db = new DatabaseSync(':memory:')
    create(db)
    return ok(db)
  }
  const file = join(folder, fileNames.database)
  makePrivate(file)
  let db = new DatabaseSync(file, { timeout: 5_000 })
  try {
    setUp(db)
    const version = isSound(db)
    if (!version.ok) return closing(db, version.error)
    if (version.value === 0) create(db)
    else if (version.value < SCHEMA_VERSION) {
      db.exec('PRAGMA wal_checkpoint(TRUNCATE)')
      db.close()
      const migrated = migrate(file, version.value)
      if (!migrated.ok) return migrated
      db = new DatabaseSync(file, { timeout: 5_000 })
      setUp(db)
    }
    return ok(db)
  } catch (error) {
    const fault = faultOf(error)
    if (fault === null) throw error
    return closing(db, fault)
  }
}

const closing = (db: DatabaseSync, fault: OpenFault): { readonly ok: false; readonly error: OpenFault } => {
  if (db.isOpen) db.close()
  return fail(fault)
}

/** Makes the folders. */
export const makeFolders = (folder: string): void => {
  mkdirSync(join(folder, fileNames.bodies), { recursive: true, mode: 0o700 })
}

/** Removes body files that no row names. @returns how many */
export const sweepBodies = (db: DatabaseSync, folder: string): number => {
  const bodies = join(folder, fileNames.bodies)
  if (!existsSync(bodies)) return 0
  const named = new Set(
    openDoor(db)
      .lists(
        'SELECT data FROM bodies WHERE kind = ?1 UNION ALL SELECT data FROM leaving WHERE kind = ?1',
        bodyKinds.file,
      )
      .map((row) => Buffer.from(octets(row[0])).toString('latin1')),
  )
  let removed = 0
  for (const entry of readdirSync(bodies, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const path = join(entry.parentPath, entry.name)
    if (!named.has(path.slice(bodies.length + 1)) && removeFile(path)) removed += 1
  }
  return removed
}
