/** Any octets are a document or none: the text is no longer than what was asked for, and well-formed. */
import assert from 'node:assert/strict'
import { officeText } from '../src/mime/office-text.ts'
import type { FuzzTarget } from './target.ts'

const MOST = 10_000

/** An archive of one stored entry. */
const seed = (name: string, text: string): Uint8Array => {
  const common = Buffer.alloc(26)
  common.writeUInt32LE(text.length, 14)
  common.writeUInt32LE(text.length, 18)
  common.writeUInt16LE(name.length, 22)
  const local = Buffer.concat([Buffer.from('PK\x03\x04'), common, Buffer.from(name + text)])
  const central = Buffer.concat([Buffer.from('PK\x01\x02\0\0'), common, Buffer.alloc(14), Buffer.from(name)])
  const end = Buffer.alloc(22)
  end.write('PK\x05\x06', 'latin1')
  end.writeUInt16LE(1, 10)
  end.writeUInt32LE(local.length, 16)
  return Buffer.concat([local, central, end])
}

export const target: FuzzTarget = {
  name: 'mime-office',
  seeds: () => [
    seed('content.xml', '<text:p>a &amp; b</text:p><text:tracked-changes>c</text:tracked-changes>'),
    seed('word/document.xml', '<w:p><w:t>a</w:t><w:delText>b</w:delText><w:br/></w:p>'),
  ],
  run: (input) => {
    const text = officeText(input, MOST)
    assert.ok(text.length <= MOST, 'too long')
  },
}
