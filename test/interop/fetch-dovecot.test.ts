/**
 * FETCH against Debian's Dovecot over real connections: some 600 real, broken and damaged messages are APPENDed into both; then both are asked for the same
 * items, of the whole message and of every part that either sees. A difference must be one of those in test/interop/fetch-differences.ts, which docs/quirks.md explains.
 */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { type ImapLoad, openImap } from '../../bench/load/imap.ts'
import { answers, startDovecot } from '../../bench/peers/postfix-dovecot.ts'
import { type Demo, startDemo } from './demo.ts'
import { type Difference, explanations } from './fetch-differences.ts'
import { fetchMessages } from './fetch-messages.ts'
import { type Items, partsOf, readAnswers } from './fetch-values.ts'
import { lowered, type Value } from './imap-values.ts'

const DOVECOT_PORT = 31100
const PARTS_MOST = 40 // of one message
const ITEMS_AT_ONCE = 50
const DEADLINE_MS = 20_000 // for one command

/** Why there is no comparison here. */
const skip = userInfo().uid === 0 ? false : 'a Dovecot of its own wants root'

let demo: Demo
let ours: ImapLoad
let theirs: ImapLoad
let folder: string
let dovecot: number | undefined

const openTheirs = (mailbox?: string): Promise<ImapLoad> =>
  openImap({
    host: '127.0.0.1',
    port: DOVECOT_PORT,
    tls: false,
    user: 'user0',
    password: 'bench',
    ...(mailbox === undefined ? {} : { mailbox }),
  })

before(async () => {
  if (skip !== false) return
  folder = mkdtempSync(join(tmpdir(), 'postern-fetch-'))
  dovecot = startDovecot(folder, DOVECOT_PORT)
  demo = await startDemo(31200)
  await answers(DOVECOT_PORT)
  const { address, password } = demo.accounts[0] ?? { address: '', password: '' }
  ours = await openImap({ host: '127.0.0.1', port: demo.ports.imaps, tls: true, user: address, password })
  theirs = await openTheirs()
  for (const server of [ours, theirs]) {
    for (const { name, message } of fetchMessages) {
      const { ok, tagged } = await server.command('APPEND INBOX', { literal: message })
      assert.ok(ok, `${name}: ${tagged}`)
    }
    assert.ok((await server.command('SELECT INBOX')).ok)
  }
})
after(async () => {
  ours?.close()
  theirs?.close()
  await demo?.stop()
  if (dovecot !== undefined) process.kill(dovecot, 'SIGTERM')
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true })
})

/** A command with its deadline. @returns what came, and how it ended. */
const ask = async (server: ImapLoad, command: string): Promise<{ readonly text: string; readonly tagged: string }> => {
  let late: NodeJS.Timeout | undefined
  const deadline = new Promise<never>((_, refuse) => {
    late = setTimeout(() => refuse(new Error(`no answer to ${command.slice(0, 200)}`)), DEADLINE_MS)
  })
  try {
    return await Promise.race([server.command(command, { keep: true }), deadline])
  } finally {
    clearTimeout(late)
  }
}

const fetch = async (server: ImapLoad, set: string, items: string): Promise<ReadonlyMap<number, Items>> => {
  const { text, tagged } = await ask(server, `FETCH ${set} (${items})`)
  assert.match(tagged, / OK /, `FETCH ${set} (${items})`)
  return readAnswers(text)
}

const unexplained: string[] = []
const explained = new Map<string, number>()
const whole = (value: Value | undefined): string => JSON.stringify(value) ?? 'nothing'
const show = (value: Value | undefined): string => whole(value).slice(0, 400)

/** Notes a difference: by the explanation that fits, or as one that has none. */
const note = (difference: Difference): void => {
  const why = explanations.find(({ fits }) => fits(difference))?.name
  if (why !== undefined) explained.set(why, (explained.get(why) ?? 0) + 1)
  else {
    const { name, item, mine, peer } = difference
    unexplained.push(`${name} ${item}\n   ours   ${show(mine)}\n   theirs ${show(peer)}`)
  }
}

const wholeItems = [
  ...['RFC822.SIZE', 'ENVELOPE', 'BODY', 'BODYSTRUCTURE', 'BODY.PEEK[]', 'BODY.PEEK[HEADER]', 'BODY.PEEK[TEXT]'],
  ...['RFC822.HEADER', 'BODY.PEEK[HEADER.FIELDS (Subject From X-Folded Received)]'],
  ...['BODY.PEEK[HEADER.FIELDS.NOT (Received Subject)]', 'BODY.PEEK[HEADER.FIELDS (X-None)]'],
  ...['BODY.PEEK[]<7.30>', 'BODY.PEEK[TEXT]<3.5>'],
].join(' ')

const same = (item: string, mine: Value | undefined, peer: Value | undefined): boolean =>
  item.startsWith('body[') ? mine === peer : whole(lowered(mine ?? null)) === whole(lowered(peer ?? null))

test('whole messages: what Dovecot says', { skip }, async () => {
  const [mine, peers] = await Promise.all([fetch(ours, '1:*', wholeItems), fetch(theirs, '1:*', wholeItems)])
  assert.equal(mine.size, fetchMessages.length)
  for (const [index, { name }] of fetchMessages.entries()) {
    const own = mine.get(index + 1) ?? new Map()
    const peer = peers.get(index + 1) ?? new Map()
    assert.deepEqual([...own.keys()].sort(), [...peer.keys()].sort(), name)
    for (const item of own.keys())
      if (!same(item, own.get(item), peer.get(item))) note({ name, item, mine: own.get(item), peer: peer.get(item) })
  }
})

const forPart = ['', '.MIME', '.HEADER', '.TEXT', '.HEADER.FIELDS (Subject)']

/** Items of one message, some at a time. */
const itemsOf = async (server: ImapLoad, number: number, items: readonly string[]): Promise<Items> => {
  const all = new Map<string, Value>()
  for (let from = 0; from < items.length; from += ITEMS_AT_ONCE) {
    const got = await fetch(server, `${number}`, items.slice(from, from + ITEMS_AT_ONCE).join(' '))
    for (const [key, value] of got.get(number) ?? []) all.set(key, value)
  }
  return all
}

const keyOf = (item: string): string => item.replace('.PEEK', '').toLowerCase()

test('parts: what Dovecot says', { skip }, async () => {
  const [forms, peerForms] = [await fetch(ours, '1:*', 'BODY'), await fetch(theirs, '1:*', 'BODY')]
  let compared = 0
  for (const [index, { name }] of fetchMessages.entries()) {
    const seen = [forms, peerForms].flatMap((all) => partsOf(all.get(index + 1)?.get('body') ?? null))
    const parts = [...new Set(seen)].slice(0, PARTS_MOST)
    const items = [...parts, '9'].flatMap((part) => forPart.map((text) => `BODY.PEEK[${part}${text}]`))
    const [own, peer] = await Promise.all([itemsOf(ours, index + 1, items), itemsOf(theirs, index + 1, items)])
    for (const item of items.map(keyOf)) {
      compared += 1
      if (own.get(item) !== peer.get(item)) note({ name, item, mine: own.get(item), peer: peer.get(item) })
    }
  }
  assert.ok(compared > 5_000, `${compared} were compared`)
})

/** How a command for one item ended: its value, or the word and code of the answer. */
const ending = async (server: ImapLoad, number: number, item: string): Promise<Value> => {
  const { text, tagged } = await ask(server, `FETCH ${number} (${item})`)
  const [, word] = /^b\d+ ((?:NO|BAD)(?: \[[A-Z-]+\])?)/.exec(tagged) ?? []
  if (word !== undefined) return [word]
  return readAnswers(text).get(number)?.get(keyOf(item)) ?? null
}

/** As `ending`, of Dovecot, which hangs up where its decoder fails: then it is called again. */
const theirEnding = async (number: number, item: string): Promise<Value | undefined> => {
  const value = await ending(theirs, number, item)
  if (!theirs.closed) return value
  theirs = await openTheirs('INBOX')
  return undefined
}

test('parts decoded: what Dovecot says', { skip }, async () => {
  const forms = await fetch(ours, '1:*', 'BODY')
  let compared = 0
  for (const [index, { name }] of fetchMessages.entries()) {
    const parts = partsOf(forms.get(index + 1)?.get('body') ?? null).slice(0, PARTS_MOST)
    for (const part of [...parts, '9']) {
      const octets = {
        mine: await ending(ours, index + 1, `BINARY.PEEK[${part}]`),
        peer: await theirEnding(index + 1, `BINARY.PEEK[${part}]`),
      }
      const size = {
        mine: await ending(ours, index + 1, `BINARY.SIZE[${part}]`),
        peer: await theirEnding(index + 1, `BINARY.SIZE[${part}]`),
      }
      if (typeof octets.mine === 'string') assert.equal(size.mine, octets.mine.length, `${name} ${part}`)
      compared += 2
      if (octets.peer !== undefined && whole(octets.mine) !== whole(octets.peer))
        note({ name, item: `binary[${part}]`, ...octets })
      if (size.peer !== undefined && whole(size.mine) !== whole(size.peer))
        note({ name, item: `binary.size[${part}]`, ...size, peerOctets: octets.peer })
    }
  }
  assert.ok(compared > 1_000, `${compared} were compared`)
})

test('every difference is explained, and every explanation is needed', { skip }, () => {
  assert.equal(unexplained.length, 0, `${unexplained.length} differences:\n${unexplained.slice(0, 20).join('\n')}`)
  assert.deepEqual([...explained.keys()].sort(), explanations.map(({ name }) => name).sort())
})
