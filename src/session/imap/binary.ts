/**
 * BINARY: a part's octets after its transfer encoding is taken off. RFC 3516 section 4, RFC 9051 section 6.4.5.1. A part that holds others is written anew: the
 * leaves below it decoded, and their Content-Transfer-Encoding replaced by `binary`, so that what is said remains true. Pure.
 */
import { fail, ok, type Result } from '../../base/result.ts'
import { decodePart, isIdentity } from '../../mime/encoding.ts'
import { fieldRanges } from '../../mime/fields.ts'
import { findPart, messageWithin, recordAt } from '../../mime/part-numbers.ts'

type Whole = { readonly message: Uint8Array; readonly prefix: number; readonly parts: readonly number[] }
/** Somebody's encoding that nobody has described. */
type Fault = 'unknown-encoding'

const ENCODED = Buffer.from('Content-Transfer-Encoding: binary\r\n')

/** A header without its Content-Transfer-Encoding, and with ours before the empty line. */
const withBinary = (header: Uint8Array): readonly Uint8Array[] => {
  const out: Uint8Array[] = []
  let end: Uint8Array | undefined
  for (const field of fieldRanges(header)) {
    const octets = header.subarray(field.from, field.to)
    if (field.kind === 'end') end = octets
    else if (field.name !== 'content-transfer-encoding') out.push(octets)
  }
  return [...out, ENCODED, ...(end === undefined ? [] : [end])]
}

/** Puts a part with its header into `out`; `path` names its children. */
const addWhole = (whole: Whole, record: number, path: readonly number[], out: Uint8Array[]): Fault | undefined => {
  const { kind, headerFrom, bodyFrom, encoding } = recordAt(whole.parts, record)
  const header = whole.message.subarray(record === 0 ? 0 : whole.prefix + headerFrom, whole.prefix + bodyFrom)
  out.push(...(kind === 0 && !isIdentity(encoding) ? withBinary(header) : [header]))
  // The part 1 of a message that is no multipart is its body (RFC 9051 section 6.4.5.1).
  return addBody(whole, record, kind === -1 ? [...path, 1] : path, out)
}

const addBody = (whole: Whole, record: number, path: readonly number[], out: Uint8Array[]): Fault | undefined => {
  const { kind, bodyFrom, bodyTo, encoding } = recordAt(whole.parts, record)
  const cut = (from: number, to: number): Uint8Array => whole.message.subarray(whole.prefix + from, whole.prefix + to)
  if (kind === 0) {
    const decoded = decodePart(cut(bodyFrom, bodyTo), encoding)
    if (decoded === null) return 'unknown-encoding'
    out.push(decoded)
    return undefined
  }
  let at = bodyFrom
  let child = kind === -1 ? messageWithin(whole.parts, record) : findPart(whole.parts, [...path, 1])
  for (let n = 1; n <= Math.max(1, kind) && child >= 0; n += 1) {
    const { headerFrom, bodyTo: end } = recordAt(whole.parts, child)
    out.push(cut(at, headerFrom))
    const fault = addWhole(whole, child, kind === -1 ? path : [...path, n], out)
    if (fault !== undefined) return fault
    at = end
    // The next record begins where all records below this one end.
    child += Math.max(1, whole.parts[child + 1] ?? 1)
  }
  out.push(cut(at, bodyTo))
  return undefined
}

/**
 * @param message prefix and body. @param prefix octets of the prefix. @param parts of the summary. @param path of the part; empty is the message.
 * @returns its octets, null where there is no such part, or `unknown-encoding`.
 */
export const binaryOctets = (
  message: Uint8Array,
  prefix: number,
  parts: readonly number[],
  path: readonly number[],
): Result<Uint8Array | null, Fault> => {
  const record = findPart(parts, path)
  if (record < 0) return ok(null)
  const out: Uint8Array[] = []
  const whole: Whole = { message, prefix, parts }
  const fault = path.length === 0 ? addWhole(whole, record, path, out) : addBody(whole, record, path, out)
  if (fault !== undefined) return fail(fault)
  const [only] = out
  return ok(out.length === 1 && only !== undefined ? only : Buffer.concat(out))
}
