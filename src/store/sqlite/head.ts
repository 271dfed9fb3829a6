/**
 * A blob's head: its summary and the prefix of its first place, as compressed JSON apart from the body, so that ENVELOPE, BODYSTRUCTURE and
 * the columns of SEARCH and SORT never read a body. The first octet is the format.
 */
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import type { Summary } from '../../mime/summary.ts'
import { headDictionary } from './dictionary.ts'
import { Damaged } from './door.ts'

export type Head = { readonly prefix: string; readonly summary: Summary }

const FORMAT = 1
const level = { [constants.ZSTD_c_compressionLevel]: 3 }

export const packHead = (head: Head): Uint8Array => {
  const json = Buffer.from(JSON.stringify([head.prefix, head.summary]))
  const data = zstdCompressSync(json, { params: level, dictionary: headDictionary, pledgedSrcSize: json.length })
  const out = new Uint8Array(data.length + 1)
  out[0] = FORMAT
  out.set(data, 1)
  return out
}

/** Whether JSON of ours has the shape of a summary; its fields were written by packHead. */
const isSummary = (value: unknown): value is Summary =>
  typeof value === 'object' && value !== null && 'envelope' in value && 'parts' in value

/** @throws when the octets are no head */
export const unpackHead = (bytes: Uint8Array): Head => {
  if (bytes[0] !== FORMAT) throw new Damaged(`a head of format ${bytes[0]}`)
  const json: unknown = JSON.parse(
    zstdDecompressSync(bytes.subarray(1), { dictionary: headDictionary }).toString('utf8'),
  )
  if (!Array.isArray(json)) throw new Damaged('a head is no list')
  const [prefix, summary]: unknown[] = json
  if (typeof prefix !== 'string' || !isSummary(summary)) throw new Damaged('a head without prefix or summary')
  return { prefix, summary }
}
