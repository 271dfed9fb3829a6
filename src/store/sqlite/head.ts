/**
 * How a message is kept. A small body shares one compressed frame with its head (summary, and the prefix of its first place): their texts
 * repeat each other, and one frame costs a third less processor and a tenth less disk than two. A larger body is apart, so that ENVELOPE and
 * BODYSTRUCTURE never unpack it. The form is in the row: ways may be added, and none is ever read as another. Measured with bench/store-disk.ts.
 */
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import type { Summary } from '../../mime/summary.ts'
import { headDictionary, textDictionary } from './dictionary.ts'
import { Damaged } from './door.ts'

export type Head = { readonly prefix: string; readonly summary: Summary }
/** `together`: head and body in one frame; `apart`: the head alone, and the body in `bodies`. */
export const forms = { together: 1, apart: 2 } as const

/** Up to here a body is kept with its head: twice the unpacking time of the head alone. */
export const MOST_TOGETHER = 12 * 1024

const together = Buffer.concat([headDictionary, textDictionary])
const params = { [constants.ZSTD_c_compressionLevel]: 3, [constants.ZSTD_c_checksumFlag]: 1 }
const LENGTH_OCTETS = 4

const jsonOf = (head: Head): string => JSON.stringify([head.prefix, head.summary])

/** A head, and with it a body (or none): length of the head, head, body, in one frame. */
export const packHead = (head: Head, body: Uint8Array | null): Uint8Array => {
  const json = jsonOf(head)
  const length = Buffer.byteLength(json)
  const plain = Buffer.allocUnsafe(LENGTH_OCTETS + length + (body?.length ?? 0))
  plain.writeUInt32LE(length, 0)
  plain.write(json, LENGTH_OCTETS, 'utf8')
  if (body !== null) plain.set(body, LENGTH_OCTETS + length)
  return zstdCompressSync(plain, { params, dictionary: together, pledgedSrcSize: plain.length })
}

/** Whether JSON of ours has the shape of a summary; its fields were written by packHead. */
const isSummary = (value: unknown): value is Summary =>
  typeof value === 'object' && value !== null && 'envelope' in value && 'parts' in value

/** @returns the head and what follows it (the body, where they are together). @throws Damaged, or zlib's error, when it is not sound */
export const unpackHead = (data: Uint8Array): Head & { readonly rest: Uint8Array } => {
  const plain = zstdDecompressSync(data, { dictionary: together })
  if (plain.length < LENGTH_OCTETS) throw new Damaged('a head is cut off')
  const end = LENGTH_OCTETS + plain.readUInt32LE(0)
  const json: unknown = JSON.parse(plain.toString('utf8', LENGTH_OCTETS, end))
  if (!Array.isArray(json)) throw new Damaged('a head is no list')
  const [prefix, summary]: unknown[] = json
  if (typeof prefix !== 'string' || !isSummary(summary)) throw new Damaged('a head without prefix or summary')
  return { prefix, summary, rest: plain.subarray(end) }
}
