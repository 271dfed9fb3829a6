/**
 * Octets in sections, compressed as one frame: how a digest's parts are written. A frame begins with the length of what it holds, so that unpacking it takes one
 * buffer of the right size (half the time of growing one). Pure.
 */
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { Damaged } from './door.ts'

const LENGTH_OCTETS = 4
const params = { [constants.ZSTD_c_compressionLevel]: 6, [constants.ZSTD_c_checksumFlag]: 1 }
/** zlib looks whether more comes when a chunk is full: a little room saves that look. */
const ROOM = 64
const MOST_FRAME = 256 * 2 ** 20 // octets; a length beyond it was not written by us

/** Numbers as octets. */
export const numbersOctets = (numbers: ArrayLike<number>): Buffer => Buffer.from(Uint32Array.from(numbers).buffer)

/** The numbers that `numbersOctets` wrote. */
export const readNumbers = (octets: Uint8Array): Uint32Array => new Uint32Array(Uint8Array.from(octets).buffer)

/** Sections in one frame. */
export const packSections = (sections: readonly Uint8Array[]): Buffer => {
  const head = numbersOctets([sections.length, ...sections.map((one) => one.length)])
  const plain = Buffer.concat([head, ...sections])
  const frame = zstdCompressSync(plain, { params, pledgedSrcSize: plain.length })
  return Buffer.concat([numbersOctets([plain.length]), frame])
}

/** The sections that `packSections` was given. @throws Damaged, or zlib's error, when the frame is not sound */
export const unpackSections = (data: Uint8Array): readonly Buffer[] => {
  const frame = Buffer.from(data.buffer, data.byteOffset, data.byteLength)
  const length = frame.length < LENGTH_OCTETS ? MOST_FRAME : frame.readUInt32LE(0)
  if (length >= MOST_FRAME) throw new Damaged('a frame without its length')
  const plain = zstdDecompressSync(frame.subarray(LENGTH_OCTETS), { chunkSize: length + ROOM })
  if (plain.length !== length || length < LENGTH_OCTETS) throw new Damaged('a frame has another length than it says')
  const count = plain.readUInt32LE(0)
  let at = LENGTH_OCTETS * (count + 1)
  if (at > length) throw new Damaged('a frame without its sections')
  const sections: Buffer[] = []
  for (let i = 1; i <= count; i++) {
    const end = at + plain.readUInt32LE(LENGTH_OCTETS * i)
    if (end > length) throw new Damaged('a section that is cut off')
    sections.push(plain.subarray(at, end))
    at = end
  }
  return sections
}
