/**
 * Transfer encodings of a body: base64 and quoted-printable back to octets, forgivingly. RFC 2045 sections 6.7 and 6.8.
 *
 * Pure, linear, and never larger than what went in. Forgiving the way the RFC asks: octets outside the base64 alphabet are
 * skipped, a padded quantum in the middle ends only that quantum (people concatenate), a `=` that starts no escape stands for itself.
 */

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
const skipped = 64
const padding = 65
const sextets = new Uint8Array(256).fill(skipped)
for (let value = 0; value < 64; value += 1) sextets[alphabet.charCodeAt(value)] = value
sextets[0x3d] = padding

const hexValues = new Int8Array(256).fill(-1)
for (let value = 0; value < 16; value += 1) {
  hexValues[value.toString(16).charCodeAt(0)] = value
  hexValues[value.toString(16).toUpperCase().charCodeAt(0)] = value
}

/** @param bytes base64 with any line ends and junk. @returns the octets; a last quantum of one character is dropped. */
export const decodeBase64 = (bytes: Uint8Array): Uint8Array => {
  const out = new Uint8Array(Math.ceil(bytes.length / 4) * 3)
  let size = 0
  let bits = 0
  let held = 0
  for (let at = 0; at < bytes.length; at += 1) {
    const value = sextets[bytes[at] ?? 0] ?? skipped
    if (value < 64) {
      bits = (bits << 6) | value
      held += 1
      if (held === 4) {
        out[size] = bits >> 16
        out[size + 1] = bits >> 8
        out[size + 2] = bits
        size += 3
        bits = 0
        held = 0
      }
    } else if (value === padding && held > 0) {
      size = endQuantum(out, size, bits, held)
      bits = 0
      held = 0
    }
  }
  return out.subarray(0, endQuantum(out, size, bits, held))
}

/** Two or three characters make one or two octets. @returns the new size. */
const endQuantum = (out: Uint8Array, size: number, bits: number, held: number): number => {
  if (held === 2) {
    out[size] = bits >> 4
    return size + 1
  }
  if (held === 3) {
    out[size] = bits >> 10
    out[size + 1] = bits >> 2
    return size + 2
  }
  return size
}

/** Where the white space before a line end begins: it was added on the way (RFC 2045 section 6.7 rule 3). */
const withoutTrailingSpace = (out: Uint8Array, size: number, floor: number): number => {
  let end = size
  while (end > floor && (out[end - 1] === 0x20 || out[end - 1] === 0x09)) end -= 1
  return end
}

/** After `=` at `at`: how many octets a soft line break takes with its white space, 0 where there is none. */
const softBreak = (bytes: Uint8Array, at: number): number => {
  let end = at + 1
  while (bytes[end] === 0x20 || bytes[end] === 0x09) end += 1
  if (end >= bytes.length) return end - at
  if (bytes[end] === 0x0a) return end + 1 - at
  if (bytes[end] === 0x0d) return end + (bytes[end + 1] === 0x0a ? 2 : 1) - at
  return 0
}

/** @param bytes quoted-printable with CRLF or LF line ends, which stay as they are. @returns the octets. */
export const decodeQuotedPrintable = (bytes: Uint8Array): Uint8Array => {
  const out = new Uint8Array(bytes.length)
  let size = 0
  let floor = 0 // literal white space before this was written as an escape and stays
  let at = 0
  while (at < bytes.length) {
    const byte = bytes[at] ?? 0
    if (byte === 0x3d) {
      const high = hexValues[bytes[at + 1] ?? 0] ?? -1
      const low = hexValues[bytes[at + 2] ?? 0] ?? -1
      if (high >= 0 && low >= 0) {
        out[size] = high * 16 + low
        size += 1
        floor = size
        at += 3
        continue
      }
      const taken = softBreak(bytes, at)
      if (taken > 0) {
        floor = size
        at += taken
        continue
      }
    }
    if (byte === 0x0a || (byte === 0x0d && bytes[at + 1] === 0x0a)) size = withoutTrailingSpace(out, size, floor)
    out[size] = byte
    size += 1
    at += 1
  }
  return out.subarray(0, withoutTrailingSpace(out, size, floor))
}

/** The words of Content-Transfer-Encoding that change nothing (RFC 2045 section 6.2); an absent field is 7bit. */
export const isIdentity = (encoding: string): boolean =>
  encoding === '' || encoding === '7bit' || encoding === '8bit' || encoding === 'binary'

/**
 * @param bytes a part's body. @param encoding its Content-Transfer-Encoding, lower case.
 * @returns its octets (`bytes` itself where nothing is encoded), null for an encoding that nobody has described.
 */
export const decodePart = (bytes: Uint8Array, encoding: string): Uint8Array | null => {
  if (isIdentity(encoding)) return bytes
  if (encoding === 'base64') return decodeBase64(bytes)
  if (encoding === 'quoted-printable') return decodeQuotedPrintable(bytes)
  return null
}
