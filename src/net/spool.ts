/**
 * Where a message's octets wait while they come in (the port in src/base/spool.ts): in memory up to a limit, then in a file of their own,
 * made only then, with a name that nobody guesses (O_EXCL, mode 0600). The spool itself syncs nothing: a message in memory goes
 * into the store's transaction, and the store syncs a file before it takes it over. What a crash leaves behind is removed by
 * `sweepSpool` at the next start: nothing in it was ever acknowledged.
 */
import { randomBytes } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { type FileHandle, mkdir, open, readdir, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { type Body, type Spool, SpoolError } from '../base/spool.ts'

export type SpoolOptions = {
  /** Of one file system with the store's files; made if it is not there. */
  readonly folder: string
  /** Octets kept in memory; from the first octet more, a file. */
  readonly memoryLimit?: number
  /** @returns a name that is never used twice. */
  readonly newName?: () => string
}

const MEMORY_LIMIT = 262_144
const SUFFIX = '.spool'
const MODE = 0o600
const FOLDER_MODE = 0o700

const randomName = (): string => randomBytes(16).toString('hex')
const fault = (error: unknown): SpoolError => {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return new SpoolError(code === 'ENOSPC' || code === 'EDQUOT' ? 'disk-full' : 'io')
}

/** @returns a spool for one message. */
export const newSpool = (options: SpoolOptions): Spool => {
  const own = new MessageSpool(options)
  return {
    write: (bytes) => own.write(bytes),
    finish: async () => own.finish(),
    discard: async () => own.discard(),
  }
}

/** Removes what a crash left in `folder`, and makes the folder if it is not there; call it before anything listens. @returns how many files went. Rejects with a SpoolError. */
export const sweepSpool = async (folder: string): Promise<number> => {
  try {
    await mkdir(folder, { recursive: true, mode: FOLDER_MODE })
    const left = (await readdir(folder)).filter((name) => name.endsWith(SUFFIX))
    for (const name of left) await unlink(join(folder, name))
    return left.length
  } catch (error) {
    throw fault(error)
  }
}

class MessageSpool {
  readonly #folder: string
  readonly #limit: number
  readonly #newName: () => string
  #parts: Uint8Array[] = []
  #size = 0
  #path: string | undefined
  #file: FileHandle | undefined
  #over = false

  constructor(options: SpoolOptions) {
    this.#folder = options.folder
    this.#limit = options.memoryLimit ?? MEMORY_LIMIT
    this.#newName = options.newName ?? randomName
  }

  /** Copies what it keeps: the octets may be used again. */
  write(bytes: Uint8Array): Promise<void> | undefined {
    if (this.#over) throw new Error('write to a spool that is finished')
    this.#size += bytes.length
    if (this.#file !== undefined || this.#size > this.#limit) return this.#toFile(bytes)
    this.#parts.push(Uint8Array.prototype.slice.call(bytes))
    return undefined
  }

  async finish(): Promise<{ readonly body: Body; readonly size: number }> {
    this.#over = true
    const size = this.#size
    if (this.#path === undefined) {
      const bytes = this.#parts.length === 1 ? this.#parts[0] : undefined
      return { body: { bytes: bytes ?? Buffer.concat(this.#parts) }, size }
    }
    try {
      await this.#file?.close()
    } catch (error) {
      await this.discard()
      throw fault(error)
    }
    return { body: { file: this.#path, size }, size }
  }

  async discard(): Promise<void> {
    this.#over = true
    this.#parts = []
    const path = this.#path
    this.#path = undefined
    await this.#file?.close().catch(() => undefined) // a file that is not wanted may fail as it likes
    if (path !== undefined) await unlink(path).catch(() => undefined) // and sweepSpool finds what stays
  }

  async #toFile(bytes: Uint8Array): Promise<void> {
    try {
      const file = this.#file ?? (await this.#open())
      await file.writeFile(bytes)
    } catch (error) {
      await this.discard()
      throw fault(error)
    }
  }

  async #open(): Promise<FileHandle> {
    mkdirSync(this.#folder, { recursive: true, mode: FOLDER_MODE })
    const path = join(this.#folder, `${this.#newName()}${SUFFIX}`)
    const file = await open(path, 'wx', MODE)
    this.#path = path
    this.#file = file
    const parts = this.#parts
    this.#parts = []
    await file.writeFile(Buffer.concat(parts))
    return file
  }
}
