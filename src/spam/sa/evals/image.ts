/** Functions over attached pictures: how many, how large. GIF87a and 89a, PNG (ISO 15948), JPEG (ITU T.81) heads. Pure; only heads are read. */
import { decoded, headerOf, type Section } from '../../mail/message.ts'
import type { SaMail } from '../sa-mail.ts'
import type { Eval } from './call.ts'
import { compiled } from './pattern.ts'

type Kind = 'gif' | 'png' | 'jpeg'
type Size = { readonly height: number; readonly width: number }
type Picture = { readonly kind: Kind; readonly name: string; readonly size: Size | undefined }

const MOST_MARKERS = 10_000

const gif = (data: Buffer): Size | undefined =>
  data.length >= 13 && /^GIF8[79]a/.test(data.toString('latin1', 0, 6))
    ? { width: data.readUInt16LE(6), height: data.readUInt16LE(8) }
    : undefined

const png = (data: Buffer): Size | undefined => {
  if (data.length < 24 || data.toString('latin1', 0, 8) !== '\x89PNG\r\n\x1a\n') return undefined
  if (data.readUInt32BE(8) !== 13 || data.toString('latin1', 12, 16) !== 'IHDR') return undefined
  return { width: data.readUInt32BE(16), height: data.readUInt32BE(20) }
}

const jpeg = (data: Buffer): Size | undefined => {
  if (data.length < 4 || data.readUInt16BE(0) !== 0xffd8) return undefined
  let at = 2
  for (let count = 0; count < MOST_MARKERS && at + 4 <= data.length; count += 1) {
    const mark = data[at + 1] ?? 0
    const length = data.readUInt16BE(at + 2)
    if (data[at] !== 0xff || mark === 0xda || mark === 0xd9 || length < 2) return undefined
    const frame = mark >= 0xc0 && mark <= 0xcb && mark !== 0xc4 && mark !== 0xc8
    if (frame && at + 9 <= data.length) return { height: data.readUInt16BE(at + 5), width: data.readUInt16BE(at + 7) }
    at += 2 + length
  }
  return undefined
}
const readers: Readonly<Record<Kind, (data: Buffer) => Size | undefined>> = { gif, png, jpeg }

const pictureOf = (part: Section): readonly Picture[] => {
  const kind = /^image\/(gif|png|jpe?g)$/.exec(part.type)?.[1]
  if (kind === undefined || part.parts !== undefined) return []
  if (headerOf(part, 'content-transfer-encoding').toLowerCase() !== 'base64') return []
  const known: Kind = kind === 'gif' || kind === 'png' ? kind : 'jpeg'
  const size = readers[known](Buffer.from(decoded(part), 'latin1'))
  return [
    { kind: known, name: part.name, size: size !== undefined && size.height > 0 && size.width > 0 ? size : undefined },
  ]
}

const known = new WeakMap<SaMail, readonly Picture[]>()
const pictures = (mail: SaMail, kind: string): readonly Picture[] => {
  let all = known.get(mail)
  if (all === undefined) {
    all = mail.parts().flatMap(pictureOf)
    known.set(mail, all)
  }
  return kind === 'all' ? all : all.filter((one) => one.kind === kind)
}

const area = (all: readonly Picture[]): number =>
  all.reduce((sum, { size }) => sum + (size === undefined ? 0 : size.height * size.width), 0)
const within = (value: number, least: string | undefined, most: string | undefined): boolean =>
  least !== undefined && value >= Number(least) && (most === undefined || value <= Number(most))

export const imageEvals: Readonly<Record<string, Eval>> = {
  image_count: ({ mail }, [kind = 'all', least, most]) => within(pictures(mail, kind).length, least, most),
  pixel_coverage: ({ mail }, [kind = 'all', least, most]) => within(area(pictures(mail, kind)), least, most),
  image_to_text_ratio: ({ mail }, [kind = 'all', least, most]) => {
    const text = mail.body().reduce((sum, line) => sum + line.length, 0)
    const pixels = area(pictures(mail, kind))
    return (
      text > 0 &&
      pixels > 0 &&
      most !== undefined &&
      text / pixels !== Number(most) &&
      within(text / pixels, least, most)
    )
  },
  image_named: ({ mail }, [name = '']) =>
    pictures(mail, 'all').some((one) => one.size !== undefined && one.name === name),
  image_name_regex: ({ mail }, [pattern = '']) =>
    pictures(mail, 'all').some((one) => one.size !== undefined && one.name !== '' && compiled(pattern).test(one.name)),
  image_size_exact: ({ mail }, [kind = 'all', height, width]) =>
    pictures(mail, kind).some(({ size }) => size?.height === Number(height) && size.width === Number(width)),
  image_size_range: ({ mail }, [kind = 'all', leastHeight, leastWidth, mostHeight, mostWidth]) =>
    pictures(mail, kind).some(
      ({ size }) =>
        size !== undefined && within(size.height, leastHeight, mostHeight) && within(size.width, leastWidth, mostWidth),
    ),
}
