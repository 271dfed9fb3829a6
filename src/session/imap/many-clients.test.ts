/**
 * Several clients in one mailbox do whatever clients do; each keeps its own picture by what it is told. Numbers never point at another message than the
 * client thinks, and in the end every picture is the store's. RFC 9051 sections 2.3.1.2 and 7.5.1.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Line, openHouse } from '../../../test/dialogues/imap-house.ts'
import { smallMessage } from '../../../test/dialogues/imap-script.ts'
import { ranges, resolve } from '../../wire/imap/set.ts'
import { readWhole } from '../../wire/imap/syntax.ts'

type Known = { uid: number | undefined; flags: string | undefined }

/** A client's picture of the mailbox. */
class Picture {
  readonly list: Known[] = []

  hear(text: string): void {
    for (const line of text.split('\r\n')) this.#line(line)
  }

  #line(line: string): void {
    const counted = /^\* (\d+) (EXISTS|EXPUNGE|FETCH)(?: \((.*)\))?$/.exec(line)
    if (counted !== null) this.#counted(Number(counted[1]), counted[2] ?? '', counted[3] ?? '', line)
    const vanished = /^\* VANISHED ([\d:,]+)$/.exec(line)
    if (vanished === null) return
    const read = readWhole({ tag: '', verb: '', pieces: [vanished[1] ?? ''] }, ranges)
    assert.ok(read.ok)
    for (const [first, last] of resolve(read.value, 0))
      for (let uid = first; uid <= last; uid += 1) {
        const known = this.list.findIndex((one) => one.uid === uid)
        // One that came in this very IDLE may go before its UID could be asked for.
        const at = known >= 0 ? known : this.list.findIndex((one) => one.uid === undefined)
        assert.ok(at >= 0, `${line}: the client does not know ${uid}`)
        this.list.splice(at, 1)
      }
  }

  #counted(n: number, what: string, items: string, line: string): void {
    if (what === 'EXISTS') {
      assert.ok(n >= this.list.length, `${line} after ${this.list.length}`)
      while (this.list.length < n) this.list.push({ uid: undefined, flags: undefined })
      return
    }
    const known = this.list[n - 1]
    assert.ok(known !== undefined, `${line} of ${this.list.length}`)
    if (what === 'EXPUNGE') {
      this.list.splice(n - 1, 1)
      return
    }
    const uid = /\bUID (\d+)/.exec(items)?.[1]
    if (uid !== undefined) {
      assert.ok(known.uid === undefined || known.uid === Number(uid), `${line}: it was ${known.uid}`)
      known.uid = Number(uid)
    }
    const flags = /FLAGS \(([^)]*)\)/.exec(items)?.[1]
    if (flags !== undefined)
      known.flags = flags
        .split(' ')
        .filter((flag) => flag !== '\\Recent')
        .join(' ')
  }
}

type Client = { readonly line: Line; readonly picture: Picture; idle: boolean; count: number; readonly resync: boolean }

const flagsOf = ['\\Seen', '\\Deleted', '$One', '$Two']

/** What a client says; `a` and `b` choose. Clients that use VANISHED must know UIDs, so they ask for those of new messages. */
const commandOf = (client: Client, kind: number, a: number, b: number): string => {
  const most = Math.max(1, client.picture.list.length)
  const number = 1 + (a % most)
  const flag = flagsOf[b % flagsOf.length] ?? ''
  switch (kind) {
    case 0:
      return `APPEND INBOX (${flag}) {20+}\r\nSubject: x\r\n\r\nhello!`
    case 1:
      return `STORE ${number}:${Math.min(most, number + 2)} ${b % 2 ? '+' : '-'}FLAGS${b % 3 ? '' : '.SILENT'} (${flag})`
    case 2:
      return `UID STORE ${1 + (a % 12)}:* ${b % 2 ? '+' : '-'}FLAGS (${flag})`
    case 3:
      return 'EXPUNGE'
    case 4:
      return `UID EXPUNGE ${1 + (a % 10)}:${10 + (b % 10)}`
    case 5:
      return `COPY ${number} INBOX`
    case 6:
      return `MOVE ${number} ${b % 2 ? 'INBOX' : 'box'}`
    case 7:
      return `FETCH ${number}:* (UID FLAGS)`
    case 8:
      return 'SEARCH ALL'
    case 9:
      return 'IDLE'
    case 10:
      return `UID FETCH 1:* (FLAGS)`
    default:
      return 'NOOP'
  }
}

const settle = async (clients: readonly Client[]): Promise<void> => {
  for (const client of clients) {
    const text = await client.line.heard()
    client.picture.hear(text)
    if (client.resync && client.picture.list.some((one) => one.uid === undefined) && !client.idle)
      client.picture.hear(await client.line.say('r UID FETCH 1:* (FLAGS)'))
  }
}

const act = async (client: Client, kind: number, a: number, b: number): Promise<void> => {
  if (client.idle) {
    client.idle = false
    client.picture.hear(await client.line.say('DONE'))
    return
  }
  client.count += 1
  const command = commandOf(client, kind, a, b)
  const text = await client.line.say(`c${client.count} ${command}`)
  client.picture.hear(text)
  // What a client changed silently it need not be told.
  if (command.includes('.SILENT')) for (const one of client.picture.list) one.flags = undefined
  if (command === 'IDLE') client.idle = true
  else assert.match(text, new RegExp(`^c${client.count} (OK|NO|BAD) `, 'm'))
}

const play = async (steps: readonly (readonly number[])[]): Promise<void> => {
  const house = await openHouse()
  const account = house.accounts.get('alice@example.org')
  assert.ok(account !== undefined)
  const mailbox = await house.store.mailbox({ account: account.id, name: 'INBOX' })
  assert.ok(mailbox.ok)
  for (let n = 1; n <= 4; n += 1) {
    const place = {
      account: account.id,
      mailbox: mailbox.value.id,
      flags: [],
      prefix: '',
      internalDate: 0,
      enforceQuota: false,
    }
    await house.store.deliver({ body: { bytes: Buffer.from(smallMessage(n)) }, places: [place], now: 0 })
  }
  await house.store.addMailbox({ account: account.id, name: 'box', now: 0 })
  const clients: Client[] = []
  for (const resync of [false, false, true]) {
    const line = new Line(house, true)
    const client = { line, picture: new Picture(), idle: false, count: 0, resync }
    await line.say('l LOGIN alice secret')
    if (resync) await line.say('e ENABLE QRESYNC')
    client.picture.hear(await line.say('s SELECT INBOX'))
    client.picture.hear(await line.say('f FETCH 1:* (UID FLAGS)'))
    clients.push(client)
  }
  for (const [who = 0, kind = 0, a = 0, b = 0] of steps) {
    const client = clients[who]
    if (client !== undefined) await act(client, kind, a, b)
    await settle(clients)
  }
  for (const client of clients) {
    if (client.idle) client.picture.hear(await client.line.say('DONE'))
    client.idle = false
    client.picture.hear(await client.line.say('n NOOP'))
  }
  await settle(clients)
  const columns = await house.store.columns({ mailbox: mailbox.value.id })
  assert.ok(columns.ok)
  for (const { line, picture } of clients) {
    const before = picture.list.map((one) => one.flags)
    const said = await line.say('z UID FETCH 1:* (FLAGS)')
    picture.hear(said)
    assert.deepEqual(
      picture.list.map((one) => one.uid),
      [...columns.value.uids],
    )
    for (const [at, flags] of before.entries())
      if (flags !== undefined) assert.equal(flags, picture.list[at]?.flags, `the flags of ${at + 1} were not told`)
    line.gone()
  }
  assert.deepEqual(await house.store.check(), { ok: true, value: [] })
  await house.close()
}

test('every client ends with the picture that the store has', async () => {
  const step = fc.tuple(fc.nat(2), fc.nat(11), fc.nat(30), fc.nat(30))
  await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), play), { numRuns: 25 })
})
