import assert from 'node:assert/strict'
import { test } from 'node:test'
import { textsOf } from './searched-text.ts'

/** A word processor's file that says "Quarterly figures", made by Python's zipfile. */
const document =
  'UEsDBBQAAAAAAAAAIVwtK5UAYQAAAGEAAAARAAAAd29yZC9kb2N1bWVudC54bWw8dzpkb2N1bWVudD48dzpwPjx3OnI+PHc6dD5RdWFyPC93OnQ+PC93OnI+PHc6cj48dzp0PnRlcmx5IGZpZ3VyZXM8L3c6dD48L3c6cj48L3c6cD48L3c6ZG9jdW1lbnQ+UEsBAhQDFAAAAAAAAAAhXC0rlQBhAAAAYQAAABEAAAAAAAAAAAAAAIABAAAAAHdvcmQvZG9jdW1lbnQueG1sUEsFBgAAAAABAAEAPwAAAJAAAAAAAA=='

test('BODY looks into text parts, the names of files, messages within, and office documents', () => {
  const message = [
    'Subject: outside',
    'Content-Type: multipart/mixed; boundary=b',
    '',
    '--b',
    'Content-Type: text/html; charset=utf-8',
    'Content-Transfer-Encoding: quoted-printable',
    '',
    '<p>Gr=C3=BC=C3=9Fe</p>',
    '--b',
    'Content-Type: application/octet-stream',
    'Content-Disposition: attachment; filename="report.docx"',
    'Content-Transfer-Encoding: base64',
    '',
    document,
    '--b',
    'Content-Type: application/pdf; name="=?utf-8?q?Pr=C3=BCfung.pdf?="',
    '',
    '(Secret) Tj',
    '--b',
    'Content-Type: message/rfc822',
    '',
    'ubject: inside',
    '',
    'text of the inner message',
    '--b--',
    '',
  ].join('\r\n')
  const { headers, body } = textsOf(Buffer.from(message, 'latin1'))
  assert.match(headers, /^subject: outside$/im)
  for (const text of [
    'Grüße',
    'report.docx',
    'Quarterly figures',
    'Prüfung.pdf',
    'ubject: inside',
    'text of the inner',
  ])
    assert.ok(body.includes(text), text)
  assert.ok(!body.includes('Secret'), 'a PDF is not looked into')
  assert.ok(!body.includes('outside'))
})
