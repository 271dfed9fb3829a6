import assert from 'node:assert/strict'
import { test } from 'node:test'
import { crc32, deflateRawSync } from 'node:zlib'
import fc from 'fast-check'
import { officeText, saysOffice } from './office-text.ts'

type File = readonly [name: string, text: string]

/** A ZIP archive as office programs write it. */
const zipOf = (files: readonly File[], { stored = false, encrypted = false } = {}): Buffer => {
  const locals: Buffer[] = []
  const central: Buffer[] = []
  let at = 0
  for (const [name, text] of files) {
    const plain = Buffer.from(text, 'utf8')
    const data = stored ? plain : deflateRawSync(plain)
    const common = Buffer.alloc(26)
    common.writeUInt16LE(20, 0)
    common.writeUInt16LE(encrypted ? 1 : 0, 2)
    common.writeUInt16LE(stored ? 0 : 8, 4)
    common.writeUInt32LE(crc32(plain), 10)
    common.writeUInt32LE(data.length, 14)
    common.writeUInt32LE(plain.length, 18)
    common.writeUInt16LE(name.length, 22)
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), common, Buffer.from(name), data])
    const tail = Buffer.alloc(14)
    tail.writeUInt32LE(at, 10)
    central.push(Buffer.concat([Buffer.from('PK\x01\x02\x14\x00'), common, tail, Buffer.from(name)]))
    locals.push(local)
    at += local.length
  }
  const directory = Buffer.concat(central)
  const end = Buffer.alloc(22)
  end.write('PK\x05\x06', 'latin1')
  end.writeUInt16LE(files.length, 8)
  end.writeUInt16LE(files.length, 10)
  end.writeUInt32LE(directory.length, 12)
  end.writeUInt32LE(at, 16)
  return Buffer.concat([...locals, directory, end])
}

const word = (inner: string): File => [
  'word/document.xml',
  `<?xml version="1.0"?><w:document><w:body>${inner}</w:body></w:document>`,
]

for (const [says, files, want] of [
  ['words go over runs', [word('<w:p><w:r><w:t>Opp</w:t></w:r><w:r><w:t>ortunity</w:t></w:r></w:p>')], 'Opportunity'],
  ['paragraphs are lines', [word('<w:p><w:t>a</w:t></w:p><w:p w:x="1"><w:t>b</w:t></w:p>')], 'a\nb'],
  ['entities', [word('<w:p><w:t>R&amp;D &#233; &#xE9; &bogus; &#xD800;</w:t></w:p>')], 'R&D é é &bogus; &#xD800;'],
  ['what was deleted is not read', [word('<w:p><w:t>new</w:t><w:delText>old</w:delText></w:p>')], 'new'],
  [
    'a table of a sheet',
    [['xl/sharedStrings.xml', '<sst><si><t>one</t></si><si><t>two</t></si></sst>'] as const],
    'one\ntwo',
  ],
  [
    'slides',
    [
      ['ppt/slides/slide1.xml', '<p:sld><a:p><a:t>Slide</a:t></a:p></p:sld>'] as const,
      ['ppt/theme.xml', '<x>no</x>'] as const,
    ],
    'Slide',
  ],
  [
    'OpenDocument',
    [
      ['mimetype', 'application/vnd.oasis.opendocument.text'] as const,
      ['content.xml', '<text:p>Grüße<text:s/>aus</text:p>'] as const,
    ],
    'Grüße\naus',
  ],
] as const)
  test(`${says}, packed and as it is`, () => {
    assert.equal(officeText(zipOf(files), 1000).trim(), want)
    assert.equal(officeText(zipOf(files, { stored: true }), 1000).trim(), want)
  })

test('an archive that grows too large, or is locked, has no text', () => {
  const bomb = zipOf([['content.xml', `<text:p>${'x'.repeat(17 * 2 ** 20)}</text:p>`]])
  assert.ok(bomb.length < 100_000)
  assert.equal(officeText(bomb, 1_000_000).trim(), '')
  assert.equal(officeText(zipOf([word('<w:p>x</w:p>')], { encrypted: true }), 100), '')
})

test('no more characters than were asked for', () => {
  const long = zipOf([word(`<w:p>${'word '.repeat(10_000)}</w:p>`), ['content.xml', '<text:p>more</text:p>']])
  assert.equal(officeText(long, 1000).length, 1000)
})

for (const [subtype, name, want] of [
  ['vnd.openxmlformats-officedocument.wordprocessingml.document', '', true],
  ['octet-stream', 'Report.DOCX', true],
  ['vnd.oasis.opendocument.spreadsheet', '', true],
  ['pdf', 'a.pdf', false],
  ['zip', 'a.zip', false],
] as const)
  test(`application/${subtype} ${name}: ${want}`, () => assert.equal(saysOffice(subtype, name), want))

test('any octets have a text, and no damage of an archive throws', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => officeText(bytes, 50).length <= 50))
  const sound = zipOf([word('<w:p><w:t>sound</w:t></w:p>')])
  fc.assert(
    fc.property(fc.nat(sound.length - 1), fc.nat(255), fc.nat(sound.length), (at, value, cut) => {
      const broken = Buffer.from(sound.subarray(0, sound.length - cut))
      if (at < broken.length) broken[at] = value
      return officeText(broken, 100).length <= 100
    }),
  )
})
