/** Any octets are a header value: nothing throws, and what comes out keeps its bounds. */
import assert from 'node:assert/strict'
import { readAddresses, writeAddresses } from '../src/mime/address.ts'
import { decodeCharset } from '../src/mime/charset.ts'
import { readDate } from '../src/mime/date.ts'
import { decodeBase64, decodeQuotedPrintable } from '../src/mime/encoding.ts'
import { fieldRanges } from '../src/mime/fields.ts'
import { htmlToText } from '../src/mime/html-text.ts'
import { readParameterized, textParameter } from '../src/mime/parameters.ts'
import { baseSubject } from '../src/mime/subject.ts'
import { headerText } from '../src/mime/words.ts'
import type { FuzzTarget } from './target.ts'

export const target: FuzzTarget = {
  name: 'mime-header',
  seeds: () =>
    [
      'Mon, 25 Nov 2002 10:00:00 -0500 (EST)',
      'Nov 25, 2002 10:00 PM',
      'a: b, "c d" <e@f>; (g) <@h,@i:j@[1.2.3.4]>, =?utf-8?b?w6k=?= <k@l>',
      'text/plain; charset="utf-8"; name*0*=utf-8\'de\'%C3; name*1*=%A9; x=(y)z',
      'Re: [list] Fwd: [Fwd: =?iso-8859-1?q?=E9?= =?iso-8859-1?q?a?= (fwd)]',
      'Subject: a\r\n b\r\nFrom : c\r\njunk\r\n\r\nbody',
      '<html><head><style>p{}</style></head><body><p>a&amp;b<br>c</p></body>',
      'w6nDqQ==\r\nw6k=',
      '=C3=A9 = \r\n=3D=\r\n',
      'utf-7',
    ].map((text) => Buffer.from(text, 'latin1')),
  run: (input) => {
    const text = Buffer.from(input).toString('latin1')
    const items = readAddresses(text)
    let groups = 0
    for (const item of items) groups += item.kind === 'group' ? 1 : item.kind === 'group-end' ? -1 : 0
    assert.ok(groups === 0 || items.length > 5000, 'a group does not end')
    assert.ok(writeAddresses(items, 2000).length <= 2000)
    const date = readDate(text)
    if (date !== null) assert.ok(Number.isSafeInteger(date.at) && /^\d{4}-\d\d-\d\d$/.test(date.day))
    const { parameters } = readParameterized(text)
    for (const [name] of parameters) textParameter(parameters, name.toLowerCase())
    const subject = headerText(text)
    const base = baseSubject(subject)
    assert.ok(base.length <= subject.length)
    assert.equal(baseSubject(base), base, 'the base of a base is another')
    assert.ok(decodeBase64(input).length <= input.length && decodeQuotedPrintable(input).length <= input.length)
    for (const name of ['utf-8', 'iso-2022-jp', text.slice(0, 30)]) decodeCharset(input, name)
    htmlToText(text, 400)
    let at = 0
    for (const field of fieldRanges(input)) {
      assert.equal(field.from, at, 'an octet is in no field')
      assert.ok(field.to > field.from && field.valueTo <= field.to)
      at = field.to
    }
  },
}
