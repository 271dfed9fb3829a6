/**
 * Large bodies are files. A spool file is taken over before the transaction that names it: its octets to disk, its new name, and the
 * folder that says so; a crash in between leaves a file that no row names, which the next start sweeps away. Asynchronous, so
 * that no thread waits for the disk; the storage thread then finds files that are already where they belong.
 */
import { constants, unlinkSync } from 'node:fs'
import { copyFile, mkdir, open, rename, unlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'

const sync = async (path: string, flags: number): Promise<void> => {
  const handle = await open(path, flags)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

const hasCode = (error: unknown, code: string): boolean =>
  error instanceof Error && 'code' in error && error.code === code

/** @param key a name that nothing else has. @returns where the file is now. @throws what the file system says */
export const adoptFile = async (bodies: string, file: string, key: string): Promise<string> => {
  const target = join(bodies, key.slice(0, 2), key)
  await sync(file, constants.O_RDWR)
  if ((await mkdir(dirname(target), { recursive: true })) !== undefined) await sync(bodies, constants.O_RDONLY)
  try {
    await rename(file, target)
  } catch (error) {
    // The spool lies on another file system.
    if (!hasCode(error, 'EXDEV')) throw error
    await copyFile(file, target)
    await sync(target, constants.O_RDWR)
    await unlink(file)
  }
  await sync(dirname(target), constants.O_RDONLY)
  return target
}

/** A file that stays is found at the next start: database.ts sweeps what no row names. */
export const removeFile = (file: string): boolean => {
  try {
    unlinkSync(file)
    return true
  } catch (error) {
    if (error instanceof Error) return false
    throw error
  }
}
