/**
 * Follows one log file: what is appended, over rotation (by rename, by truncation, with or without compression), over restarts of ours.
 * Nothing that was written is passed over:
 *  - The file stays open. After a rename its old half is read on until nobody has written to it for LINGER; the new one begins at 0.
 *  - A position is an inode, an offset and a hash of the head. After a restart the file with that head goes on from there, also where it
 *    was renamed (`.1`, `-20261125`) or compressed (`.gz`) meanwhile.
 *  - A file that was never seen is read from `since`: its rotated halves that are no older, oldest first, once; then itself.
 * Lines that are written and cut away between two looks (`copytruncate`) are lost to everybody.
 *
 * Polling, because a log may lie on any file system; a look at a file that did not grow costs one stat. Bounds: MOST_OLD halves are kept
 * open, a turn reads at most TURN octets, a compressed half is read up to MOST_UNZIPPED.
 */
import { createHash } from 'node:crypto'
import { closeSync, fstatSync, openSync, readdirSync, readFileSync, readSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { LineCutter } from './lines.ts'

const CHUNK = 65_536
/** Octets that one turn reads of one file; the next turn goes on. */
const TURN = 8 * 1024 * 1024
const LINGER_MS = 60_000
const MOST_OLD = 3
const MOST_ROTATED = 30
const MOST_ZIPPED = 64 * 1024 * 1024
const MOST_UNZIPPED = 512 * 1024 * 1024
const HEAD = 256

/** Where reading goes on. `head` is a hash of the file's first octets, as many as `headLength`. */
export type Position = {
  readonly inode: number
  readonly offset: number
  readonly head: string
  readonly headLength: number
}

export type TailOptions = {
  readonly path: string
  readonly position: Position | undefined
  /** Milliseconds since 1970: rotated halves older than this are not read. */
  readonly since: number
  readonly now: () => number
  readonly line: (line: string) => void
  /** Told after each line how far the present file is read. */
  readonly reached?: (inode: number, offset: number) => void
  readonly noted: (what: 'rotated' | 'truncated' | 'resumed' | 'backlog', file: string) => void
}

type Open = {
  readonly descriptor: number
  readonly inode: number
  offset: number
  readonly lines: LineCutter
  quietSince: number
}

const hashOf = (octets: Uint8Array): string => createHash('sha256').update(octets).digest('base64url').slice(0, 22)

const headOf = (descriptor: number, length = HEAD): { readonly head: string; readonly headLength: number } => {
  const octets = Buffer.alloc(length)
  const read = readSync(descriptor, octets, 0, length, 0)
  return { head: hashOf(octets.subarray(0, read)), headLength: read }
}

/** @returns what `act` gives; undefined where the file is not there or cannot be read. */
const ifThere = <T>(act: () => T): T | undefined => {
  try {
    return act()
  } catch (error) {
    if (error instanceof Error && 'code' in error) return undefined
    throw error
  }
}

export class Tail {
  readonly #options: TailOptions
  #open: Open | undefined
  readonly #old: Open[] = []
  #begun = false

  constructor(options: TailOptions) {
    this.#options = options
  }

  /** Where reading would go on after a restart; undefined before anything was read. */
  position(): Position | undefined {
    // An old half that is read to its end is done with, though its writer is still listened for.
    const unread = this.#old.find((old) => old.offset < fstatSync(old.descriptor).size)
    const open = unread ?? this.#open ?? this.#old.at(-1)
    if (open === undefined) return this.#begun ? undefined : this.#options.position
    return { inode: open.inode, offset: open.offset - open.lines.waiting, ...headOf(open.descriptor) }
  }

  /** One look. @returns whether there is more to read at once; `missing` where there is no such file. */
  look(): 'more' | 'done' | 'missing' {
    if (!this.#begun) this.#begin()
    const there = ifThere(() => statSync(this.#options.path))
    const renamed = this.#open !== undefined && there?.ino !== this.#open.inode
    if (renamed && this.#open !== undefined) {
      // The rest of the old half goes first, and whoever still writes to it is heard for a while.
      this.#old.push(this.#open)
      this.#open = undefined
      this.#options.noted('rotated', this.#options.path)
    }
    let more = false
    for (const old of [...this.#old]) {
      if (this.#read(old) === 'more') more = true
      else this.#linger(old)
    }
    if (more) return 'more'
    if (this.#open === undefined && there !== undefined) this.#open = this.#opened(0)
    if (this.#open === undefined) return 'missing'
    return this.#read(this.#open)
  }

  /** Closes what is open; nothing is read on. */
  close(): void {
    for (const open of [...this.#old, ...(this.#open === undefined ? [] : [this.#open])]) closeSync(open.descriptor)
    this.#old.length = 0
    this.#open = undefined
  }

  #opened(offset: number, path = this.#options.path): Open | undefined {
    return ifThere(() => {
      const descriptor = openSync(path, 'r')
      const { ino } = fstatSync(descriptor)
      return { descriptor, inode: ino, offset, lines: new LineCutter(), quietSince: this.#options.now() }
    })
  }

  #linger(old: Open): void {
    if (this.#options.now() - old.quietSince < LINGER_MS && this.#old.length <= MOST_OLD) return
    old.lines.finish(this.#options.line)
    closeSync(old.descriptor)
    this.#old.splice(this.#old.indexOf(old), 1)
  }

  #read(open: Open): 'more' | 'done' {
    const { size } = fstatSync(open.descriptor)
    if (size < open.offset) {
      this.#options.noted('truncated', this.#options.path)
      open.lines.finish(this.#options.line)
      open.offset = 0
    }
    const chunk = Buffer.allocUnsafe(CHUNK)
    for (let octets = 0; octets < TURN; ) {
      const got = readSync(open.descriptor, chunk, 0, CHUNK, open.offset)
      if (got === 0) return 'done'
      open.quietSince = this.#options.now()
      const from = open.offset
      open.lines.feed(chunk.subarray(0, got), (line, taken) => {
        this.#options.reached?.(open.inode, from + taken)
        this.#options.line(line)
      })
      open.offset += got
      octets += got
    }
    return 'more'
  }

  // ---- The first look --------------------------------------------------------------------------------------------------

  #begin(): void {
    this.#begun = true
    const { position } = this.#options
    if (position === undefined) {
      this.#backlog()
      return
    }
    if (this.#goesOn(this.#options.path, position)) return
    const rotated = this.#rotated()
    for (const [at, path] of rotated.entries()) {
      if (!this.#goesOnIn(path, position)) continue
      this.#options.noted('resumed', path)
      // Halves that came between are read whole.
      for (const later of rotated.slice(0, at).toReversed()) this.#whole(later)
      return
    }
    this.#backlog()
  }

  /** Whether a file is the one that was read, and goes on from there. */
  #goesOn(path: string, position: Position): boolean {
    const open = this.#opened(position.offset, path)
    if (open === undefined) return false
    const { size } = fstatSync(open.descriptor)
    const same =
      position.headLength === 0
        ? open.inode === position.inode
        : headOf(open.descriptor, position.headLength).head === position.head
    if (size >= position.offset && same) {
      this.#open = open
      return true
    }
    closeSync(open.descriptor)
    return false
  }

  #goesOnIn(path: string, position: Position): boolean {
    if (!path.endsWith('.gz')) {
      if (!this.#goesOn(path, position)) return false
      if (this.#open !== undefined) this.#old.push(this.#open)
      this.#open = undefined
      return true
    }
    const octets = unzipped(path)
    if (octets === undefined || position.headLength === 0 || octets.length < position.offset) return false
    if (hashOf(octets.subarray(0, position.headLength)) !== position.head) return false
    this.#feedWhole(octets.subarray(position.offset))
    return true
  }

  /** Reads the rotated halves that are no older than `since`, once, oldest first. */
  #backlog(): void {
    const fresh = this.#rotated().filter((path) => (ifThere(() => statSync(path).mtimeMs) ?? 0) >= this.#options.since)
    for (const path of fresh.toReversed()) {
      this.#options.noted('backlog', path)
      this.#whole(path)
    }
  }

  #whole(path: string): void {
    const octets = path.endsWith('.gz') ? unzipped(path) : plain(path)
    if (octets !== undefined) this.#feedWhole(octets)
  }

  #feedWhole(octets: Buffer): void {
    const lines = new LineCutter()
    lines.feed(octets, (line) => this.#options.line(line))
    lines.finish((line) => this.#options.line(line))
  }

  /** Rotated halves of the file, newest first: `mail.log.1`, `mail.log.2.gz`, `mail.log-20261125`. */
  #rotated(): readonly string[] {
    const folder = dirname(this.#options.path)
    const name = basename(this.#options.path)
    const names = ifThere(() => readdirSync(folder)) ?? []
    return names
      .filter((one) => one.startsWith(name) && /^[.-]\d+(?:\.gz)?$/.test(one.slice(name.length)))
      .map((one) => ({ path: join(folder, one), at: ifThere(() => statSync(join(folder, one)).mtimeMs) ?? 0 }))
      .toSorted((a, b) => b.at - a.at)
      .slice(0, MOST_ROTATED)
      .map(({ path }) => path)
  }
}

const plain = (path: string): Buffer | undefined =>
  ifThere(() => (statSync(path).size > MOST_UNZIPPED ? undefined : readFileSync(path)))
const unzipped = (path: string): Buffer | undefined =>
  ifThere(() =>
    statSync(path).size > MOST_ZIPPED ? undefined : gunzipSync(readFileSync(path), { maxOutputLength: MOST_UNZIPPED }),
  )
