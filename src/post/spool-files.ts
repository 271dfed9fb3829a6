/**
 * What the post office does with spool files, which it cannot touch itself: looks at the head of one, writes one anew without what was
 * forged in it (and with what a submission lacked), and drops one that the store did not take over (a refused message must not fill the disk). The file system is a parameter:
 * app gives `node:fs/promises`.
 */
import type { Body } from '../base/spool.ts'

type SpooledBody = Body & { readonly size: number }
type Ranges = readonly (readonly [from: number, to: number])[]

export type SpoolFiles = {
  /** @returns the first octets of the file, at most `most`; none where it cannot be read, and then nothing is known of its header. */
  readonly head: (file: string, most: number) => Promise<Uint8Array>
  /** Writes the file anew, beside the old one, without these ranges, and with `added` before it. @returns the new body. Rejects where the disk refuses. */
  readonly cut: (body: SpooledBody, ranges: Ranges, added?: Uint8Array) => Promise<SpooledBody>
  /** Takes the file away, if it is still there. */
  readonly drop: (file: string) => Promise<void>
}

/** The few calls of node:fs/promises that are needed. */
type Handle = {
  readonly read: (
    buffer: Uint8Array,
    offset: number,
    length: number,
    position: number,
  ) => Promise<{ readonly bytesRead: number }>
  readonly write: (buffer: Uint8Array, offset: number, length: number) => Promise<unknown>
  readonly close: () => Promise<void>
}
export type FileCalls = {
  readonly open: (file: string, flags: string, mode?: number) => Promise<Handle>
  readonly rm: (file: string, options: { readonly force: boolean }) => Promise<void>
}

const PIECE = 1_048_576
const MODE = 0o600

/** The parts of a file of `size` octets that lie between the ranges. */
const keptRanges = (size: number, ranges: Ranges): Ranges => {
  const kept: (readonly [number, number])[] = []
  let at = 0
  for (const [from, to] of ranges) {
    if (from > at) kept.push([at, from])
    at = to
  }
  return at < size ? [...kept, [at, size]] : kept
}

const copyPieces = async (source: Handle, target: Handle, [from, to]: Ranges[number]): Promise<void> => {
  const buffer = new Uint8Array(Math.min(PIECE, to - from))
  for (let at = from; at < to; ) {
    const { bytesRead } = await source.read(buffer, 0, Math.min(buffer.length, to - at), at)
    if (bytesRead === 0) throw new Error('a spool file is shorter than it was')
    await target.write(buffer, 0, bytesRead)
    at += bytesRead
  }
}

/** @param calls `node:fs/promises`. @returns the three acts. */
export const spoolFilesOver = (calls: FileCalls): SpoolFiles => ({
  head: async (file, most) => {
    const handle = await calls.open(file, 'r')
    try {
      const buffer = new Uint8Array(most)
      const { bytesRead } = await handle.read(buffer, 0, most, 0)
      return buffer.subarray(0, bytesRead)
    } finally {
      await handle.close()
    }
  },
  cut: async (body, ranges, added = new Uint8Array(0)) => {
    if ('bytes' in body) throw new Error('only files are cut here')
    const kept = keptRanges(body.size, ranges)
    const file = `${body.file.replace(/\.spool$/, '')}-cut.spool`
    const source = await calls.open(body.file, 'r')
    try {
      const target = await calls.open(file, 'wx', MODE)
      try {
        if (added.length > 0) await target.write(added, 0, added.length)
        for (const range of kept) await copyPieces(source, target, range)
      } finally {
        await target.close()
      }
    } finally {
      await source.close()
    }
    return { file, size: kept.reduce((sum, [from, to]) => sum + to - from, added.length) }
  },
  drop: (file) => calls.rm(file, { force: true }),
})

/** @param calls `node:fs/promises`. @returns a way to read a spool file from its beginning to its end; it rejects where the disk refuses. */
export const piecesOver = (calls: Pick<FileCalls, 'open'>) =>
  async function* pieces(file: string): AsyncGenerator<Uint8Array, void, undefined> {
    const handle = await calls.open(file, 'r')
    try {
      for (let at = 0; ; ) {
        const buffer = new Uint8Array(READ_PIECE)
        const { bytesRead } = await handle.read(buffer, 0, buffer.length, at)
        if (bytesRead === 0) return
        at += bytesRead
        yield buffer.subarray(0, bytesRead)
      }
    } finally {
      await handle.close()
    }
  }
const READ_PIECE = 65_536 // octets that are worked on in one turn of the event loop
