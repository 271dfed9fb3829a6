/**
 * Real mail, signed the way mail that leaves is signed (src/post/signing.ts, with both keys), before two peers, mailauth and dkimpy: every signature passes in
 * all three verifiers, and none does after damage. RFC 6376, RFC 8463.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import * as files from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { dkimVerify } from 'mailauth/lib/dkim/verify.js'
import { openCorpus } from '../../src/app/demo/corpus.ts'
import { silentLog } from '../../src/base/log.ts'
import { openSigning } from '../../src/post/signing.ts'
import { piecesOver } from '../../src/post/spool-files.ts'
import { openInline } from '../../src/store/sqlite/inline.ts'
import { verifyDkim } from '../../src/verify/dkim.ts'
import { readMessage } from '../../src/verify/fields.ts'
import { keys } from '../verify-sign.ts'
import { type Table, zoneOf } from '../verify-zone.ts'

const PYTHON = '/usr/bin/python3' // Debian's own: another first on the path does not see Debian's packages
const EVERY = 20 // messages of the corpus, one of so many
const DOMAIN = 'example.com'
const folder = mkdtempSync(join(tmpdir(), 'postern-dkim-corpus-'))
after(() => rmSync(folder, { recursive: true, force: true }))

type Message = { readonly name: string; readonly text: string }
const sample = (): readonly Message[] => {
  const corpus = openCorpus()
  assert.ok(corpus.ok, 'the corpus is a development dependency')
  return corpus.value.names
    .filter((_, index) => index % EVERY === 0)
    .map((name) => ({ name, text: corpus.value.read(name).bytes.toString('latin1') }))
}

const openHere = async () => {
  const opened = openInline({ folder: ':memory:' })
  assert.ok(opened.ok)
  await opened.value.putDomain({ name: DOMAIN, settings: '{}' })
  const table: Record<string, Table[string]> = {}
  const signing = openSigning({
    ...{ store: opened.value, now: Date.now, log: silentLog, on: () => true, publish: () => undefined },
    makeKey: async (algorithm) =>
      String((algorithm === 'rsa-sha256' ? keys.rsa : keys.ed).privateKey.export({ type: 'pkcs8', format: 'pem' })),
    resolve: (name, type) => zoneOf(table)(name, type),
    rules: () => ({ everyMs: 0, settleMs: 0, overlapMs: 0, revokedMs: 0, patienceMs: 1 }),
    pieces: piecesOver(files),
  })
  await signing.tend()
  const texts: Record<string, string> = {}
  for (const { name, value } of signing.records()) {
    table[name] = { TXT: [value] }
    texts[name] = value
  }
  await signing.tend()
  return { signing, table, texts }
}

type Words = readonly (string | undefined)[]
/** What the three say of the only signature of each text. */
const wordsOf = async (
  all: readonly string[],
  table: Table,
  texts: Readonly<Record<string, string>>,
): Promise<readonly Words[]> => {
  const input = all
    .map(
      (text) =>
        `${JSON.stringify({ op: 'dkim-verify', message: Buffer.from(text, 'latin1').toString('base64'), dns: texts })}\n`,
    )
    .join('')
  const python = spawnSync(PYTHON, ['test/interop/dkim-peer.py'], {
    encoding: 'utf8',
    input,
    maxBuffer: 1e8,
    timeout: 300_000,
  })
  assert.equal(python.status, 0, python.stderr)
  const theirs: readonly { readonly result?: string }[] = python.stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  assert.equal(theirs.length, all.length)
  const resolver = async (name: string, type: string): Promise<string[][]> => {
    const found = texts[name.toLowerCase()]
    if (type !== 'TXT' || found === undefined) throw Object.assign(new Error('none'), { code: 'ENOTFOUND' })
    return [[found]]
  }
  const words: Words[] = []
  for (const [index, text] of all.entries()) {
    const octets = Buffer.from(text, 'latin1')
    const [ours] = await verifyDkim(readMessage(octets), zoneOf(table), { now: Date.now() })
    const mailauth = await dkimVerify(octets, { resolver })
    words.push([ours?.result, mailauth.results[0]?.status.result, theirs[index]?.result])
  }
  return words
}

const bodyAt = (text: string): number => text.indexOf('\r\n\r\n') + 4
const damages: readonly (readonly [name: string, damage: (text: string) => string])[] = [
  ['a line more', (text) => `${text}x\r\n`],
  ['a line before the body', (text) => `${text.slice(0, bodyAt(text))}x\r\n${text.slice(bodyAt(text))}`],
  ['another From', (text) => text.replace(/\r\nFrom:/i, '\r\nFrom: x@y.test\r\nX-From:')],
  [
    'another Subject below',
    (text) => `${text.slice(0, bodyAt(text) - 2)}Subject: x\r\n\r\n${text.slice(bodyAt(text))}`,
  ],
]

test('signatures on real mail pass in all three, from memory and from a spool file, and fail after damage', async (t) => {
  const { signing, table, texts } = await openHere()
  const good: Message[] = []
  let unsigned = 0
  for (const [index, { name, text }] of sample().entries()) {
    const bytes = Buffer.from(text, 'latin1')
    const file = join(folder, `${index}.spool`)
    if (index % 2 === 1) writeFileSync(file, bytes)
    const message = index % 2 === 0 ? { bytes, size: bytes.length } : { file, size: bytes.length }
    const fields = await signing.sign({ domain: DOMAIN, message, prefix: '' })
    const each = fields.split(/(?=^DKIM-Signature:)/m)
    if (fields === '') unsigned += 1
    else assert.equal(each.length, 2, name)
    if (fields !== '') for (const field of each) good.push({ name, text: field + text })
  }
  t.diagnostic(`${good.length} signatures; ${unsigned} messages could not be signed (no From)`)
  assert.ok(good.length > 500 && unsigned < 10)
  const words = await wordsOf(
    good.map(({ text }) => text),
    table,
    texts,
  )
  for (const [index, { name }] of good.entries()) assert.deepEqual(words[index], ['pass', 'pass', 'pass'], name)
  const bad = damages.flatMap(([what, damage]) =>
    good
      .filter((_, index) => index % 3 === 0)
      .map(({ name, text }) => ({ name: `${what}: ${name}`, text: damage(text), before: text })),
  )
  for (const { name, text, before } of bad) assert.notEqual(text, before, name)
  const after = await wordsOf(
    bad.map(({ text }) => text),
    table,
    texts,
  )
  for (const [index, { name }] of bad.entries())
    for (const word of after[index] ?? []) assert.notEqual(word, 'pass', `${name}: ${after[index]?.join(' ')}`)
  t.diagnostic(`${bad.length} damaged ones fail`)
})
