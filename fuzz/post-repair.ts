/** Fuzz target: the header of a submitted message made whole. Never throws; what it repaired needs no further repair. */
import { without } from '../src/post/head.ts'
import { repair } from '../src/post/repair.ts'
import type { FuzzTarget } from './target.ts'

const make = { date: 'Wed, 25 Nov 2026 09:00:00 +0000', messageId: (domain: string) => `<id@${domain}>` }

export const target: FuzzTarget = {
  name: 'post-repair',
  seeds: () =>
    [
      'From: Anna <anna@example.org>\r\nBcc: x@y.example,\r\n z@y.example\r\nTo: b@c.example\r\n\r\nHi\r\n',
      'From a\r\nReturn-Path: <>\r\nFrom: a@b.example\r\nDate:\r\nMessage-ID: \r\nSubject: =?utf-8?q?x?=\r\n\r\n',
      'From: friends: a@b.example;, "x\\"y" <c@d.example>\r\nSender: (c) e@f.example\r\nX : y\r\n\r\n',
    ].map((text) => Buffer.from(text)),
  run: (input) => {
    const first = repair(input, true, make)
    if (!first.ok) return
    const { added, cuts } = first.value
    const message = Buffer.concat([Buffer.from(added, 'latin1'), without(input, cuts)])
    const again = repair(message, true, make)
    if (!again.ok) throw new Error(`what was repaired is refused: ${again.error}`)
    if (again.value.added !== '' || again.value.cuts.length > 0) throw new Error('what was repaired is repaired again')
  },
}
