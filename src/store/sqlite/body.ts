/**
 * How a body is kept: compressed with zstd in the database, as it is where that is not smaller, or as a file of its own below
 * bodies/ when it came as one. The kind is in the row, so that ways may be added and none is ever re-read wrongly.
 */
import { closeSync, openSync, readFileSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { textDictionary } from './dictionary.ts'
import { Damaged } from './door.ts'

export const bodyKinds = { raw: 0, zstd: 1, file: 2 } as const

const level = { [constants.ZSTD_c_compressionLevel]: 3 }

/** Octets as they are kept in a row: compressed where that is smaller. */
export const pack = (bytes: Uint8Array): { readonly kind: number; readonly data: Uint8Array } => {
  const data = zstdCompressSync(bytes, { params: level, dictionary: textDictionary, pledgedSrcSize: bytes.length })
  return data.length < bytes.length ? { kind: bodyKinds.zstd, data } : { kind: bodyKinds.raw, data: bytes }
}

/** The octets that `pack` was given. @throws when the data is not sound */
const unpack = (kind: number, data: Uint8Array): Uint8Array => {
  if (kind === bodyKinds.raw) return data
  if (kind === bodyKinds.zstd) return zstdDecompressSync(data, { dictionary: textDictionary })
  throw new Damaged(`a body of kind ${kind}`)
}

/** Octets `from` to `to` of a body. @throws when they cannot be read */
export const readBody = (
  row: { readonly kind: number; readonly data: Uint8Array },
  bodies: string | null,
  slice?: { readonly from: number; readonly to: number },
): Uint8Array => {
  if (row.kind !== bodyKinds.file) {
    const whole = unpack(row.kind, row.data)
    return slice === undefined ? whole : whole.subarray(slice.from, slice.to)
  }
  if (bodies === null) throw new Damaged('a body is a file, and there is no folder')
  const file = join(bodies, Buffer.from(row.data).toString('latin1'))
  if (slice === undefined) return readFileSync(file)
  const handle = openSync(file, 'r')
  try {
    const into = new Uint8Array(Math.max(slice.to - slice.from, 0))
    let got = 0
    while (got < into.length) {
      const read = readSync(handle, into, got, into.length - got, slice.from + got)
      if (read === 0) break
      got += read
    }
    return into.subarray(0, got)
  } finally {
    closeSync(handle)
  }
}
