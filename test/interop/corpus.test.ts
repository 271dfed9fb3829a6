/**
 * The whole public corpus goes in by SMTP and comes out by IMAP byte for byte: what was handed over is the end of what is read, and nothing stands before it but
 * our own trace fields.
 */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { openImap } from '../../bench/load/imap.ts'
import { smtpLoad } from '../../bench/load/smtp.ts'
import { DOMAIN, PASSWORD, startPostern } from '../../bench/postern.ts'
import { openCorpus } from '../../src/app/demo/corpus.ts'

const PAGE = 250
const OURS =
  /^Return-Path: <[^\r\n]*>\r\nReceived: from (?:[^\r\n]|\r\n[ \t])*\r\n(?:Authentication-Results: mail\.bench\.example(?:[^\r\n]|\r\n[ \t])*\r\n)?/

const digest = (octets: string): string => createHash('sha256').update(octets, 'latin1').digest('base64')

/** With the dots of RFC 5321 section 4.5.2. */
const stuffed = (message: Buffer): Buffer => Buffer.from(message.toString('latin1').replaceAll(/^\./gm, '..'), 'latin1')

/** The literals of a FETCH answer, in order. */
const literals = (text: string): readonly string[] => {
  const found: string[] = []
  for (let at = text.indexOf('{'); at >= 0; at = text.indexOf('{', at)) {
    const [, size] = /^\{(\d+)\}\r\n/.exec(text.slice(at, at + 24)) ?? []
    if (size === undefined) {
      at += 1
      continue
    }
    const from = at + size.length + 4
    found.push(text.slice(from, from + Number(size)))
    at = from + Number(size)
  }
  return found
}

test('6,046 messages come out as they went in', async (t) => {
  const corpus = openCorpus()
  assert.ok(corpus.ok)
  const { names } = corpus.value
  // SMTP knows only whole lines.
  const read = (name: string): Buffer => {
    const { bytes } = corpus.value.read(name)
    return bytes.subarray(-2).toString() === '\r\n' ? bytes : Buffer.concat([bytes, Buffer.from('\r\n')])
  }
  assert.equal(names.length, 6046)
  const server = await startPostern({ portBase: 25_000, users: 1 })
  t.after(() => server.stop())
  const sent = await smtpLoad({
    host: '127.0.0.1',
    port: server.smtp,
    sessions: 20,
    messages: names.length,
    size: 0,
    to: () => [`user0@${DOMAIN}`],
    message: (n) => stuffed(read(names[n] ?? '')),
  })
  assert.equal(sent.accepted, names.length, [...sent.refused].join(' '))
  const imap = await openImap({
    host: '127.0.0.1',
    port: server.imap,
    tls: false,
    user: `user0@${DOMAIN}`,
    password: PASSWORD,
    mailbox: 'INBOX',
  })
  const wanted = new Map<string, number>()
  for (const name of names) {
    const key = digest(read(name).toString('latin1'))
    wanted.set(key, (wanted.get(key) ?? 0) + 1)
  }
  let seen = 0
  for (let from = 1; from <= names.length; from += PAGE) {
    const answer = await imap.command(`FETCH ${from}:${Math.min(names.length, from + PAGE - 1)} (BODY.PEEK[])`, {
      keep: true,
    })
    assert.ok(answer.ok, answer.tagged)
    for (const message of literals(answer.text)) {
      const ours = OURS.exec(message)?.[0]
      assert.ok(ours !== undefined, `no trace fields on ${message.slice(0, 200)}`)
      const key = digest(message.slice(ours.length))
      const left = wanted.get(key) ?? 0
      assert.ok(left > 0, `message ${seen + 1} is none that was sent: ${message.slice(0, 600)}`)
      wanted.set(key, left - 1)
      seen += 1
    }
  }
  imap.close()
  assert.equal(seen, names.length)
})
