/**
 * DER as far as a certificate's parts must be cut out octet for octet: the SubjectPublicKeyInfo that TLSA selector 1 is about (RFC 6698 section 2.1.2) and
 * the extensions that a chain is judged by. X.690 section 8.1 (lengths), RFC 5280 section 4.1 (the order of the parts). Pure; bounded by the input; signatures,
 * names and dates are read by node:crypto.
 */

/** One element: its tag, and where its octets and its content lie. */
type Element = { readonly tag: number; readonly from: number; readonly content: number; readonly to: number }

const MOST_ELEMENTS = 256 // of one sequence
const LONGEST_LENGTH = 3 // octets of a length: 16 MB

/** @returns the element that begins at `from` and ends by `end`. Definite lengths only, one octet of tag. */
const elementAt = (der: Uint8Array, from: number, end: number): Element | undefined => {
  const tag = der[from]
  const first = der[from + 1]
  if (tag === undefined || first === undefined || (tag & 31) === 31 || from + 2 > end) return undefined
  let length = first
  let content = from + 2
  if (first >= 128) {
    const octets = first & 127
    if (octets === 0 || octets > LONGEST_LENGTH || content + octets > end) return undefined
    length = 0
    for (let index = 0; index < octets; index += 1) length = length * 256 + (der[content + index] ?? 0)
    content += octets
  }
  const to = content + length
  return to <= end ? { tag, from, content, to } : undefined
}

/** @returns the elements inside `[from, end)`, or undefined where they do not fill it. */
const elementsIn = (der: Uint8Array, from: number, end: number): readonly Element[] | undefined => {
  const elements: Element[] = []
  for (let at = from; at < end; ) {
    const element = elementAt(der, at, end)
    if (element === undefined || elements.length >= MOST_ELEMENTS) return undefined
    elements.push(element)
    at = element.to
  }
  return elements
}
const inside = (der: Uint8Array, element: Element | undefined): readonly Element[] =>
  element === undefined ? [] : (elementsIn(der, element.content, element.to) ?? [])

const SEQUENCE = 0x30
const OBJECT_ID = 0x06
const BOOLEAN = 0x01
const INTEGER = 0x02
const EXPLICIT_0 = 0xa0
const EXPLICIT_3 = 0xa3

/** The parts of the TBSCertificate, from the serial number on. */
const toBeSigned = (der: Uint8Array): readonly Element[] => {
  const whole = elementAt(der, 0, der.length)
  if (whole?.tag !== SEQUENCE || whole.to !== der.length) return []
  const parts = inside(der, inside(der, whole)[0])
  return parts[0]?.tag === EXPLICIT_0 ? parts.slice(1) : parts
}

/** @returns the SubjectPublicKeyInfo of a certificate, as it stands there; undefined where there is none. */
export const publicKeyInfoOf = (certificate: Uint8Array): Uint8Array | undefined => {
  const info = toBeSigned(certificate)[5]
  return info?.tag === SEQUENCE ? certificate.subarray(info.from, info.to) : undefined
}

export type Extension = { readonly id: string; readonly critical: boolean; readonly value: Uint8Array }

/** @returns the dotted form of an object identifier's octets. */
const objectId = (octets: Uint8Array): string => {
  const numbers: number[] = []
  let value = 0
  for (const octet of octets) {
    value = value * 128 + (octet & 127)
    if (octet < 128) {
      numbers.push(value)
      value = 0
    }
  }
  const first = numbers[0] ?? 0
  const root = Math.min(Math.floor(first / 40), 2)
  return [root, first - root * 40, ...numbers.slice(1)].join('.')
}

/** @returns the extensions of a certificate; undefined for octets that are no certificate. RFC 5280 section 4.1.2.9. */
export const extensionsOf = (certificate: Uint8Array): readonly Extension[] | undefined => {
  const parts = toBeSigned(certificate)
  if (parts.length < 6) return undefined
  const holder = parts.slice(6).find(({ tag }) => tag === EXPLICIT_3)
  return inside(certificate, inside(certificate, holder)[0]).map((extension) => {
    const [id, ...rest] = inside(certificate, extension)
    const value = rest.at(-1)
    return {
      id: id?.tag === OBJECT_ID ? objectId(certificate.subarray(id.content, id.to)) : '',
      critical: rest.some(({ tag, content }) => tag === BOOLEAN && certificate[content] !== 0),
      value: value === undefined ? new Uint8Array() : certificate.subarray(value.content, value.to),
    }
  })
}

/** @param value of the extension basicConstraints. @returns how many authorities may stand below this one; undefined for any number. */
export const pathLengthOf = (value: Uint8Array): number | undefined => {
  const number = inside(value, elementAt(value, 0, value.length)).find(({ tag }) => tag === INTEGER)
  if (number === undefined) return undefined
  return value.subarray(number.content, number.to).reduce((sum, octet) => Math.min(sum * 256 + octet, 1_000_000), 0)
}
