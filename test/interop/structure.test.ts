/**
 * ENVELOPE, BODY and BODYSTRUCTURE against Debian's Dovecot, on real and on broken messages: `doveadm` reads a Maildir in a folder of its
 * own, without a server. What differs on purpose is in docs/quirks.md ("Message structure") and exempted here by name.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { summarize } from '../../src/mime/summary.ts'
import { gaveUp, lowered, namesNoType, readValue, type Value, valueIn } from './imap-values.ts'
import { broken, damagedMessages, real, sample } from './messages.ts'

type Forms = { readonly envelope: Value; readonly body: Value; readonly structure: Value }

const scratch = mkdtempSync(join(tmpdir(), 'postern-structure-'))
after(() => rmSync(scratch, { recursive: true, force: true }))
const isRoot = userInfo().uid === 0

const ours = (message: Buffer): Forms => {
  const { envelope, body, bodystructure } = summarize(message)
  return { envelope: valueIn(envelope), body: lowered(valueIn(body)), structure: lowered(valueIn(bodystructure)) }
}

/** One message of doveadm's `pager` format, raw octets: `name: values` lines in any order; a value may hold line ends. @returns its forms, and the place after it. */
const readRow = (text: string, from: number): readonly [Forms, number] => {
  const found: Record<string, Value> = {}
  let at = from
  while (at < text.length && text[at] !== '\f') {
    const [label = ''] = /^imap\.[a-z]+: /.exec(text.slice(at, at + 30)) ?? []
    assert.ok(label !== '', `no label at ${text.slice(at, at + 60)}`)
    at += label.length
    const list: Value[] = []
    while (at < text.length && text[at] !== '\n') {
      const [value, next] = readValue(text, at)
      list.push(value)
      at = text[next] === ' ' ? next + 1 : next
    }
    found[label] = list
    at += 1
  }
  const value = (name: string): Value => found[`imap.${name}: `] ?? null
  return [
    { envelope: value('envelope'), body: lowered(value('body')), structure: lowered(value('bodystructure')) },
    at + 2,
  ]
}

/** What Dovecot says of the messages, in their order. */
const theirs = (name: string, messages: readonly Buffer[]): readonly Forms[] => {
  const folder = join(scratch, name)
  for (const part of ['cur', 'new', 'tmp']) mkdirSync(join(folder, 'mail', part), { recursive: true })
  for (const [index, message] of messages.entries())
    writeFileSync(join(folder, 'mail', 'cur', `${1_000_000 + index}.M${index}.x:2,S`), message)
  const config = join(folder, 'dovecot.conf')
  writeFileSync(
    config,
    `ssl = no\nlog_path = ${folder}/log\nbase_dir = ${folder}/run\nstate_dir = ${folder}/state\nstats_writer_socket_path =\nmail_location = maildir:${folder}/mail\nfirst_valid_uid = 1\nfirst_valid_gid = 1\n${isRoot ? 'mail_uid = mail\nmail_gid = mail\n' : ''}`,
  )
  if (isRoot) {
    spawnSync('chmod', ['755', scratch, folder])
    spawnSync('chown', ['-R', 'mail:mail', folder])
  }
  const done = spawnSync(
    'doveadm',
    ['-c', config, '-f', 'pager', 'fetch', 'imap.envelope imap.body imap.bodystructure', 'mailbox', 'INBOX'],
    {
      encoding: 'latin1' as const,
      maxBuffer: 1 << 28,
      env: { ...process.env, HOME: folder, USER: userInfo().username },
    },
  )
  assert.equal(done.status, 0, done.stderr)
  const forms: Forms[] = []
  for (let at = 0; at < done.stdout.length; ) {
    const [form, next] = readRow(done.stdout, at)
    forms.push(form)
    at = next
  }
  assert.equal(forms.length, messages.length)
  return forms
}

test('300 real messages have the forms that Dovecot gives them', () => {
  assert.ok(real.length > 290, `only ${real.length} messages`)
  const peer = theirs('real', real)
  let exempt = 0
  for (const [index, message] of real.entries()) {
    const own = ours(message)
    const { envelope = null, body = null, structure = null } = peer[index] ?? {}
    if (gaveUp(envelope) || gaveUp(own.envelope) || namesNoType(body)) exempt += 1
    else assert.deepEqual(own, { envelope, body, structure }, sample[index] ?? '')
  }
  assert.ok(exempt <= 10, `${exempt} exempted`)
})

test('broken messages have the forms that Dovecot gives them', () => {
  const peer = theirs('broken', broken)
  for (const [index, message] of broken.entries())
    assert.deepEqual(ours(message), peer[index], message.toString('latin1'))
})

/** The tree of a form with its sizes and line counts; of a part whose type Dovecot cannot name only the size. */
const shape = (form: Value, peer: Value): Value => {
  if (!Array.isArray(form) || !Array.isArray(peer)) return 'no part'
  if (Array.isArray(form[0]))
    return form.map((child: Value, index) => (Array.isArray(child) ? shape(child, peer[index] ?? null) : 'multipart'))
  if (peer[0] === '') return form[6] ?? null
  return [
    form[6] ?? null,
    form[0] === 'message' ? [shape(form[8] ?? null, peer[8] ?? null), form[9] ?? null] : (form[7] ?? null),
  ]
}

test('300 damaged messages have the parts, octets and lines that Dovecot gives them', () => {
  const messages = damagedMessages(300)
  assert.ok(new Set(messages.map(String)).size > 200)
  const peer = theirs('damaged', messages)
  let compared = 0
  for (const [index, message] of messages.entries()) {
    const body = peer[index]?.body ?? null
    if (namesNoType(body)) continue // one that we could read: then the parts are others too
    compared += 1
    assert.deepEqual(
      shape(ours(message).body, body),
      shape(body, body),
      message
        .toString('latin1')
        .match(/^(?:--.*|content-.*|.*boundary=.*)$/gim)
        ?.join('\n') ?? '',
    )
  }
  assert.ok(compared > 250, `only ${compared} compared`)
})
