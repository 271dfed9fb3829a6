/** What the filter learned, as a file in the data folder: written beside and renamed, so that a crash leaves the old one or the new one. */
import { open, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'

const NAME = 'learner.bin'

const isMissing = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'ENOENT'

/** @returns the last snapshot, or undefined where there is none. */
export const readLearner = async (folder: string): Promise<Uint8Array | undefined> => {
  try {
    return await readFile(join(folder, NAME))
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

/** Puts a damaged snapshot where somebody can look at it. */
export const setLearnerAside = async (folder: string): Promise<void> => {
  await rename(join(folder, NAME), join(folder, `${NAME}.damaged`))
}

/** Writes a snapshot; on disk when it resolves. Rejects when the disk refuses. */
export const writeLearner = async (folder: string, bytes: Uint8Array): Promise<void> => {
  const beside = join(folder, `${NAME}.new`)
  const file = await open(beside, 'w', 0o600)
  try {
    await file.writeFile(bytes)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(beside, join(folder, NAME))
}
