/** What SQLite and the file system say, as a fault of the store: https://www.sqlite.org/rescode.html and errno. */
import type { StoreFault } from '../store.ts'
import { Damaged } from './door.ts'

const primary: Readonly<Record<number, StoreFault>> = {
  5: 'busy', // SQLITE_BUSY
  6: 'busy', // SQLITE_LOCKED
  8: 'damaged', // SQLITE_READONLY: the folder's rights changed
  10: 'damaged', // SQLITE_IOERR
  11: 'damaged', // SQLITE_CORRUPT
  13: 'disk-full', // SQLITE_FULL
  14: 'damaged', // SQLITE_CANTOPEN
  26: 'damaged', // SQLITE_NOTADB
}
const fileErrors: Readonly<Record<string, StoreFault>> = {
  ENOSPC: 'disk-full',
  EDQUOT: 'disk-full',
  EFBIG: 'disk-full',
  EMFILE: 'busy',
  ENFILE: 'busy',
  EIO: 'damaged',
  ENOENT: 'damaged',
  EACCES: 'damaged',
  EROFS: 'damaged',
}

/** @returns the fault that an error from below means, or null when it is a mistake of ours. */
export const faultOf = (error: unknown): StoreFault | null => {
  if (!(error instanceof Error)) return null
  if (error instanceof Damaged) return 'damaged'
  if ('errcode' in error && typeof error.errcode === 'number') return primary[error.errcode & 0xff] ?? null
  if ('code' in error && typeof error.code === 'string') return fileErrors[error.code] ?? zlibFault(error.code)
  return null
}

/** A body that does not decompress is damage, not a mistake. */
const zlibFault = (code: string): StoreFault | null => (/^(?:ZSTD_|Z_|ERR_ZSTD)/.test(code) ? 'damaged' : null)
