/** For tests only: messages made of a few words, and the check that a test fires on one and not on its near miss. Pure. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { noOpinions, score } from './engine.ts'
import type { History, ScanEnvelope, ScanInput, WireVerdicts } from './facts.ts'
import type { SpamTest } from './row.ts'

export const receivedAt = Date.parse('2026-11-25T04:00:00Z')

const usual = {
  From: 'Anna Example <anna@example.com>',
  To: 'ben@example.org',
  Subject: 'Minutes of Tuesday',
  Date: 'Wed, 25 Nov 2026 03:59:00 +0000',
  'Message-ID': '<20261125.035900.1@mail.example.com>',
  'MIME-Version': '1.0',
  'Content-Type': 'text/plain; charset=utf-8',
}

export type Case = {
  /** Instead of the usual ones or beside them; undefined takes one away, a list writes it several times. */
  readonly fields?: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly body?: string
  /** A page instead of a plain text. */
  readonly html?: string
  /** A page beside a plain text. */
  readonly both?: string
  /** An attachment: its name and its octets, one a character. */
  readonly file?: readonly [name: string, octets: string, type?: string]
  readonly wire?: WireVerdicts
  readonly envelope?: Partial<ScanEnvelope>
  readonly history?: Partial<History>
}

const stranger: ScanEnvelope = {
  ip: '192.0.2.7',
  helo: 'mail.example.com',
  mailFrom: 'anna@example.com',
  recipients: ['ben@example.org'],
  reverseName: 'mail.example.com',
  authenticated: false,
  tls: true,
}
const unknown: History = { firstTimeSender: false, knownCorrespondent: false, senderScore: 0, networkScore: 0 }

const text = 'Dear Ben,\n\nhere are the minutes of our meeting on Tuesday. Please have a look until Friday.\n\nAnna\n'

const bodyOf = (given: Case): readonly [type: string | undefined, body: string] => {
  const { html, both, file } = given
  const body = given.body ?? text
  if (file !== undefined) {
    const [name, octets, type = 'application/octet-stream'] = file
    const packed = Buffer.from(octets, 'latin1').toString('base64')
    const head = `Content-Type: ${type}\nContent-Disposition: attachment; filename="${name}"\nContent-Transfer-Encoding: base64`
    return [
      'multipart/mixed; boundary=b1',
      `--b1\nContent-Type: text/plain; charset=utf-8\n\n${body}\n--b1\n${head}\n\n${packed}\n--b1--\n`,
    ]
  }
  if (both !== undefined)
    return [
      'multipart/alternative; boundary=b2',
      `--b2\nContent-Type: text/plain; charset=utf-8\n\n${body}\n--b2\nContent-Type: text/html; charset=utf-8\n\n${both}\n--b2--\n`,
    ]
  return html === undefined ? [undefined, body] : ['text/html; charset=utf-8', html]
}

/** @returns the octets of a message. */
export const messageOf = (given: Case = {}): Uint8Array => {
  const [type, body] = bodyOf(given)
  const fields = { ...usual, ...(type === undefined ? {} : { 'Content-Type': type }), ...given.fields }
  const head = Object.entries(fields).flatMap(([name, value]) =>
    value === undefined ? [] : [value].flat().map((one) => `${name}: ${one}\n`),
  )
  return Buffer.from(`${head.join('')}\n${body}`.replaceAll('\n', '\r\n'))
}

export const inputOf = (given: Case = {}): ScanInput => ({
  message: messageOf(given),
  receivedAt,
  wire: given.wire,
  ...(given.envelope === undefined ? {} : { envelope: { ...stranger, ...given.envelope } }),
  ...(given.history === undefined ? {} : { history: { ...unknown, ...given.history } }),
})

const hitsOf = (tests: readonly SpamTest[], given: Case): readonly string[] =>
  score(inputOf(given), noOpinions, { tests }).hits.map((hit) => hit.name)

/** One row a test: a message that it fires on, and one that is nearly the same that it does not fire on. No test may go without. */
export const checkRows = (tests: readonly SpamTest[], rows: readonly (readonly [string, Case, Case])[]): void => {
  for (const [name, hit, miss] of rows)
    void test(`${name} fires, and not on its near miss`, () => {
      assert.ok(hitsOf(tests, hit).includes(name), 'it does not fire')
      assert.ok(!hitsOf(tests, miss).includes(name), 'it fires on the near miss')
    })
  void test('every test has its row', () => {
    assert.deepEqual(
      tests.map((one) => one.name).filter((name) => !rows.some((row) => row[0] === name)),
      [],
    )
  })
}
