/**
 * The text of office documents, for searches: Word, Excel and PowerPoint since 2007 (ECMA-376) and OpenDocument (ISO/IEC 26300), both XML in a ZIP archive (APPNOTE 6.3, sections 4.3
 * and 4.4). Pure and bounded. Left out on purpose: numbers in tables, what was deleted but is kept as a change, encrypted files, ZIP64, and PDF, whose text cannot be told apart
 * from its drawing.
 */
import { inflateRawSync } from 'node:zlib'

const MOST_ENTRIES = 5_000 // of an archive's directory
const MOST_OPENED = 200 // entries that hold text: slides, headers
const MOST_XML = 16 * 2 ** 20 // octets of one entry, inflated
const MOST_TAIL = 65_557 // octets: the end record and the longest comment
const END = 0x06054b50
const CENTRAL = 0x02014b50
const LOCAL = 0x04034b50

/** Entries that hold what people read. */
const telling =
  /^(?:word\/(?:document|header\d*|footer\d*|footnotes|endnotes|comments)|ppt\/slides\/slide\d+|ppt\/notesSlides\/notesSlide\d+|xl\/sharedStrings|content|styles)\.xml$/

type Entry = { readonly method: number; readonly size: number; readonly at: number }

/** Where the directory begins, and how many entries it has; undefined where there is none. */
const directoryOf = (zip: Buffer): { readonly at: number; readonly count: number } | undefined => {
  for (let at = zip.length - 22; at >= 0 && at >= zip.length - MOST_TAIL; at -= 1)
    if (zip.readUInt32LE(at) === END) return { at: zip.readUInt32LE(at + 16), count: zip.readUInt16LE(at + 10) }
  return undefined
}

/** The entries that are worth opening, in the archive's order. */
const entriesOf = (zip: Buffer): readonly Entry[] => {
  const directory = directoryOf(zip)
  const found: Entry[] = []
  let at = directory?.at ?? zip.length
  for (let left = Math.min(directory?.count ?? 0, MOST_ENTRIES); left > 0 && found.length < MOST_OPENED; left -= 1) {
    if (at + 46 > zip.length || zip.readUInt32LE(at) !== CENTRAL) break
    const [name, extra, comment] = [28, 30, 32].map((offset) => zip.readUInt16LE(at + offset))
    const isEncrypted = (zip.readUInt16LE(at + 8) & 1) === 1
    if (!isEncrypted && telling.test(zip.toString('latin1', at + 46, at + 46 + (name ?? 0))))
      found.push({
        method: zip.readUInt16LE(at + 10),
        size: zip.readUInt32LE(at + 20),
        at: zip.readUInt32LE(at + 42),
      })
    at += 46 + (name ?? 0) + (extra ?? 0) + (comment ?? 0)
  }
  return found
}

/** The octets of an entry; none where the archive is broken, or they are too many. */
const octetsOf = (zip: Buffer, { method, size, at }: Entry): Buffer => {
  const nothing = Buffer.alloc(0)
  if (at + 30 > zip.length || zip.readUInt32LE(at) !== LOCAL) return nothing
  const from = at + 30 + zip.readUInt16LE(at + 26) + zip.readUInt16LE(at + 28)
  const packed = zip.subarray(from, from + size)
  if (method === 0) return packed.length > MOST_XML ? nothing : packed
  if (method !== 8) return nothing
  try {
    return inflateRawSync(packed, { maxOutputLength: MOST_XML })
  } catch (error) {
    // Broken, or larger than it may be: then it has no text for us.
    if (error instanceof Error && 'code' in error) return nothing
    throw error
  }
}

const named: Readonly<Record<string, string | undefined>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

const unescaped = (text: string): string =>
  text.replaceAll(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([a-z]{2,4}));/gi, (whole, decimal, hex, name) => {
    if (name !== undefined) return named[String(name)] ?? whole
    const code = decimal === undefined ? Number.parseInt(String(hex), 16) : Number(decimal)
    return code <= 0x10ffff && (code < 0xd800 || code > 0xdfff) ? String.fromCodePoint(code) : whole
  })

/** Ends of paragraphs, cells and lines: a word does not go over them. Other tags are within words. */
const breaking =
  /^\/?(?:w:p|w:br|w:cr|w:tab|w:tc|a:p|a:br|text:p|text:h|text:line-break|text:tab|text:s|si|table:table-cell)$/
const unread = new Set(['w:delText', 'w:instrText', 'text:tracked-changes'])

/** @param most characters. @returns the text of a document's XML, a paragraph a line. */
const textOfXml = (xml: string, most: number): string => {
  let out = ''
  let skipping = ''
  for (let at = 0; at < xml.length && out.length < most; ) {
    const open = xml.indexOf('<', at)
    const end = open < 0 ? xml.length : open
    if (skipping === '') out += unescaped(xml.slice(at, end))
    const close = xml.indexOf('>', end)
    if (open < 0 || close < 0) break
    const tag = /^\/?[^\s/>]*/.exec(xml.slice(open + 1, Math.min(close, open + 65)))?.[0] ?? ''
    if (skipping !== '') skipping = tag === `/${skipping}` ? '' : skipping
    else if (unread.has(tag) && xml[close - 1] !== '/') skipping = tag
    else if (breaking.test(tag) && out !== '' && !out.endsWith('\n')) out += '\n'
    at = close + 1
  }
  return out.slice(0, most)
}

const types =
  /^(?:vnd\.openxmlformats-officedocument\.|vnd\.oasis\.opendocument\.|vnd\.ms-(?:word|excel|powerpoint)\.[a-z]+\.macroenabled)/i
const names = /\.(?:docx|docm|xlsx|xlsm|pptx|pptm|odt|ods|odp)$/i

/** Whether a part says that it is such a document. @param subtype of application. @param name of its file. */
export const saysOffice = (subtype: string, name: string): boolean => types.test(subtype) || names.test(name)

/** @param document decoded octets, whatever they are. @param most characters. @returns its text; empty where it is no document, or broken. Never throws. */
export const officeText = (document: Uint8Array, most: number): string => {
  const zip = Buffer.from(document.buffer, document.byteOffset, document.byteLength)
  let out = ''
  for (const entry of entriesOf(zip)) {
    if (out.length >= most) break
    out += `${textOfXml(octetsOf(zip, entry).toString('utf8'), most - out.length)}\n`
  }
  return out.slice(0, most)
}
