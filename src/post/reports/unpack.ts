/**
 * Out of its wrapping: gzip (RFC 1952), a zip archive with one document in it, or nothing, told apart by their first octets, because senders write
 * any name and type. What comes out is bounded in size, in its ratio to what went in, and in the number of entries looked at; nothing is unpacked twice.
 * Pure; node:zlib and fflate do the inflating.
 */
import { gunzipSync } from 'node:zlib'
import { unzipSync } from 'fflate'

const MOST_PACKED = 10_485_760
const MOST_UNPACKED = 10_485_760
/** Reports are much alike line by line and shrink a hundredfold; a bomb a thousandfold. */
const MOST_RATIO = 250
const SMALL = 262_144 // octets that may come out of anything
const MOST_ENTRIES = 20

/** A stop of ours, out of the library's loop over entries that an archive may claim to have by the million. */
class TooMany extends Error {}

const starts = (octets: Uint8Array, magic: readonly number[]): boolean =>
  magic.every((octet, at) => octets[at] === octet)

/** Runs what throws for damaged input. */
const attempt = (work: () => Uint8Array | undefined): Uint8Array | undefined => {
  try {
    return work()
  } catch (error) {
    if (!(error instanceof Error)) throw error // zlib's and fflate's way to say that it cannot be unpacked, and TooMany
    return undefined
  }
}

const unzipOne = (octets: Uint8Array, most: number): Uint8Array | undefined => {
  let seen = 0
  let chosen: string | undefined
  const files = unzipSync(octets, {
    filter: ({ name, originalSize }) => {
      seen += 1
      if (seen > MOST_ENTRIES) throw new TooMany()
      // The size is a claim; the library makes a buffer of that size and writes no further.
      if (chosen !== undefined || originalSize > most || !/\.(xml|json)$/i.test(name)) return false
      chosen = name
      return true
    },
  })
  return chosen === undefined ? undefined : Object.values(files)[0]
}

/** @param octets an attachment. @returns the document in it; undefined where it is damaged, has none, or is larger than reports are. */
export const unpack = (octets: Uint8Array): Uint8Array | undefined => {
  if (octets.length > MOST_PACKED) return undefined
  const most = Math.min(MOST_UNPACKED, Math.max(SMALL, octets.length * MOST_RATIO))
  if (starts(octets, [0x1f, 0x8b])) return attempt(() => gunzipSync(octets, { maxOutputLength: most }))
  if (starts(octets, [0x50, 0x4b, 0x03, 0x04])) return attempt(() => unzipOne(octets, most))
  return octets
}
