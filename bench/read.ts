/**
 * Reading a mailbox of 100,000 messages, against Debian's Dovecot with the same messages in a Maildir: both serve the same commands to the same client, in turns.
 * Cold means: the server was ended and started anew, the kernel's cache dropped where that is permitted, and Dovecot's cache of message content removed.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openStore } from '../src/app/threads/store-client.ts'
import { DIGEST_BLOBS } from '../src/store/sqlite/digest-make.ts'
import { must } from '../src/store/testing.ts'
import type { Bench, Figure } from './bench.ts'
import { type ImapLoad, openImap } from './load/imap.ts'
import { openPop3 } from './load/pop3.ts'
import { median } from './numbers.ts'
import { type DovecotMailbox, dovecotMailbox } from './peers/dovecot-mailbox.ts'
import { type BenchServer, DOMAIN, PASSWORD, startPostern } from './postern.ts'
import { mailboxMessages, referenceOf, SHARING } from './read-messages.ts'

const MESSAGES = Number(process.env['BENCH_READ_MESSAGES'] ?? 100_000) // fewer for a quick look
const MANY = Math.min(10_000, MESSAGES / 2) // for COPY, MOVE, EXPUNGE
const PORT = 25_000
const AT_ONCE = 500
const FIRST_DATE = 1_700_000_000_000
const NOOP_PAUSE_MS = 2

const say = (text: string): void => console.error(`  read: ${text}`)
const isSeen = (i: number): boolean => i % 5 < 3

type Both = { readonly ours: BenchServer; readonly theirs: DovecotMailbox }
type Side = 'ours' | 'theirs'

/** Both mailboxes with the same messages in the same order. */
const fill = async (folder: string, theirs: DovecotMailbox): Promise<void> => {
  const message = await mailboxMessages()
  const store = await must(openStore({ folder: join(folder, 'data'), log: { event: () => undefined } }))
  const account = await must(store.account({ name: `user0@${DOMAIN}` }))
  const inbox = await must(store.mailbox({ account: account.id, name: 'INBOX' }))
  for (let from = 0; from < MESSAGES; from += AT_ONCE) {
    const some = Array.from({ length: Math.min(AT_ONCE, MESSAGES - from) }, async (_, at) => {
      const i = from + at
      const bytes = message(i)
      const place = {
        account: account.id,
        mailbox: inbox.id,
        flags: isSeen(i) ? ['\\Seen'] : [],
        prefix: '',
        internalDate: FIRST_DATE + i * 1000,
        enforceQuota: false,
      }
      const stored = store.deliver({ body: { bytes }, places: [place], now: FIRST_DATE + i * 1000 })
      await theirs.put(i, bytes, isSeen(i))
      await must(stored)
    })
    await Promise.all(some)
    if ((from + AT_ONCE) % 20_000 === 0) say(`${from + AT_ONCE} messages in both`)
  }
  theirs.index()
  const began = performance.now()
  const waiting = (await must(store.stats())).undigested
  while ((await must(store.stats())).undigested >= DIGEST_BLOBS)
    await new Promise((resolve) => setTimeout(resolve, 100))
  say(`digests: ${waiting} messages were waiting, for ${((performance.now() - began) / 1000).toFixed(1)} s`)
  await store.close()
}

const login = (both: Both, side: Side, mailbox?: string): Promise<ImapLoad> => {
  const named = mailbox === undefined ? {} : { mailbox }
  const at = { host: '127.0.0.1', tls: false, ...named }
  return side === 'ours'
    ? openImap({ ...at, port: both.ours.imap, user: `user0@${DOMAIN}`, password: PASSWORD })
    : openImap({ ...at, port: both.theirs.imapPort, user: 'user0', password: both.theirs.password })
}

/** A command that must succeed. @returns its milliseconds. */
const timed = async (load: ImapLoad, text: string, literal?: Uint8Array): Promise<number> => {
  const answer = await load.command(text, literal === undefined ? {} : { literal })
  if (!answer.ok) throw new Error(`${text}: ${answer.tagged}`)
  return answer.ms
}

/** How long another client's NOOP takes at most while something else is done. */
class Watch {
  longest = 0
  readonly #load: ImapLoad
  constructor(load: ImapLoad) {
    this.#load = load
  }
  async during<T>(what: string, work: () => Promise<T>): Promise<T> {
    const state = { done: false }
    const probe = async (): Promise<void> => {
      let longest = 0
      while (!state.done) {
        longest = Math.max(longest, await timed(this.#load, 'NOOP'))
        await new Promise((resolve) => setTimeout(resolve, NOOP_PAUSE_MS))
      }
      if (longest > this.longest) say(`longest NOOP so far ${longest.toFixed(1)} ms, during ${what}`)
      this.longest = Math.max(this.longest, longest)
    }
    const probing = probe()
    try {
      return await work()
    } finally {
      state.done = true
      await probing
    }
  }
}

type Measured = { readonly ours: number; readonly peer: number }
const sides = ['ours', 'theirs'] as const

/** Runs `measure` for both in turns. @returns the medians. */
const inTurns = async (rounds: number, measure: (side: Side) => Promise<number>): Promise<Measured> => {
  const values: Record<Side, number[]> = { ours: [], theirs: [] }
  for (let round = 0; round < rounds; round += 1) for (const side of sides) values[side].push(await measure(side))
  return { ours: median(values.ours), peer: median(values.theirs) }
}

type Report = (figure: Figure) => void
type Told = { readonly name: string; readonly goal: number; readonly unit?: string; readonly better?: 'less' | 'more' }

const tell = (report: Report, told: Told, measured: Measured): void => {
  const { name, goal, unit = 'ms', better = 'less' } = told
  report({ name, ...measured, peerName: 'Dovecot', unit, better, kind: 'ratio', goal })
}

/** @returns whether the kernel let its cache be dropped. */
const dropCaches = (): boolean => {
  try {
    writeFileSync('/proc/sys/vm/drop_caches', '3')
    return true
  } catch (error) {
    if (error instanceof Error) return false
    throw error
  }
}

const COLD_ROUNDS = 2

/** The first FETCH of every ENVELOPE after a start. @returns the servers that run now. */
const cold = async (report: Report, folder: string, theirs: DovecotMailbox): Promise<Both> => {
  const values: Record<Side, number[]> = { ours: [], theirs: [] }
  let ours: BenchServer | undefined
  for (let round = 0; round < COLD_ROUNDS; round += 1) {
    await ours?.stop()
    await theirs.stop()
    theirs.forgetCache()
    const dropped = dropCaches()
    say(`cold: both ended; the kernel's cache was ${dropped ? '' : 'not '}dropped; Dovecot's index.cache removed`)
    ours = await startPostern({ portBase: PORT, users: 1, folder })
    await theirs.start()
    for (const side of sides) {
      const load = await login({ ours, theirs }, side, 'INBOX')
      values[side].push(await timed(load, 'FETCH 1:* ENVELOPE'))
      load.close()
    }
    say(`cold ENVELOPE: ${values.ours.at(-1)?.toFixed(0)} ms, Dovecot ${values.theirs.at(-1)?.toFixed(0)} ms`)
  }
  if (ours === undefined) throw new Error('nothing was measured')
  const name = 'FETCH 1:* ENVELOPE after a start, cold'
  tell(report, { name, goal: 0.1 }, { ours: median(values.ours), peer: median(values.theirs) })
  return { ours, theirs }
}

const searches: readonly (readonly [name: string, key: string, goal: number, rounds: number])[] = [
  ['SEARCH SUBJECT, a number', 'SUBJECT "no. 77"', 0.5, 5],
  ['SEARCH FROM, a name', 'FROM "john"', 0.5, 5],
  [`SEARCH TEXT, a word of ${SHARING}`, `TEXT ${referenceOf(4_200)}`, 0.05, 3],
  ['SEARCH TEXT, a word of many', 'TEXT company', 0.05, 3],
  ['SEARCH TEXT, a piece of words', 'TEXT ortuni', 0.05, 3],
  ['SEARCH TEXT, two words', 'TEXT "the company"', 0.05, 3],
  ['SEARCH BODY, not there', 'BODY xyzzyplugh', 0.05, 3],
]

/** What a client waits for in front of a list. */
const lists = async (report: Report, both: Both, watch: Watch): Promise<void> => {
  const loads = { ours: await login(both, 'ours', 'INBOX'), theirs: await login(both, 'theirs', 'INBOX') }
  const measure = async (told: Told, command: string, rounds: number): Promise<void> => {
    for (const side of sides) await timed(loads[side], command)
    await watch.during(command, () => timed(loads.ours, command))
    tell(report, told, await inTurns(rounds, (side) => timed(loads[side], command)))
  }
  const fresh = async (side: Side): Promise<number> => {
    const load = await login(both, side)
    const ms = await timed(load, 'SELECT INBOX')
    load.close()
    return ms
  }
  for (const side of sides) await fresh(side)
  tell(report, { name: 'SELECT by a client that has just come', goal: 0.2 }, await inTurns(15, fresh))
  const again = await inTurns(15, (side) => timed(loads[side], 'SELECT INBOX'))
  report({ name: 'SELECT again', ...again, peerName: 'Dovecot', unit: 'ms', better: 'less', kind: 'stated' })
  await measure({ name: 'FETCH 1:* (FLAGS UID RFC822.SIZE)', goal: 1 }, 'FETCH 1:* (FLAGS UID RFC822.SIZE)', 7)
  await measure({ name: 'FETCH 1:* ENVELOPE, warm', goal: 0.7 }, 'FETCH 1:* ENVELOPE', 5)
  for (const [name, key, goal, rounds] of searches) {
    const found = await Promise.all(sides.map((side) => loads[side].command(`UID SEARCH ${key}`, { keep: true })))
    const [ours, theirs] = found.map((one) => /^\* SEARCH.*$/m.exec(one.text)?.[0].split(' ').length ?? 0)
    say(`${key}: ${(ours ?? 0) - 2} found, Dovecot ${(theirs ?? 0) - 2}`)
    await measure({ name, goal }, `SEARCH ${key}`, rounds)
  }
  for (const side of sides) loads[side].close()
}

const SINGLES = { fetch: 2_000, store: 400, append: 300, retr: 1_000 } as const
const AT_A_TIME = 8 // connections that fetch side by side

/** One message at a time, one client. */
const singles = async (report: Report, both: Both): Promise<void> => {
  const message = await mailboxMessages()
  const loads = { ours: await login(both, 'ours', 'INBOX'), theirs: await login(both, 'theirs', 'INBOX') }
  const rate = async (name: string, count: number, command: (i: number) => string, literal?: (i: number) => Buffer) => {
    const measured = await inTurns(3, async (side) => {
      const began = performance.now()
      for (let i = 0; i < count; i += 1) await timed(loads[side], command(i), literal?.(i))
      return count / ((performance.now() - began) / 1000)
    })
    tell(report, { name, goal: 1, unit: 'commands/s', better: 'more' }, measured)
  }
  await rate('FETCH of one message, one connection', SINGLES.fetch, (i) => `FETCH ${some(i)} BODY.PEEK[]`)
  let signs = 0
  await rate('STORE of one flag, one connection', SINGLES.store, (i) => {
    signs += i === 0 ? 1 : 0
    return `STORE ${some(i)} ${Math.ceil(signs / 2) % 2 === 1 ? '+' : '-'}FLAGS.SILENT (\\Flagged)`
  })
  for (const side of sides) await timed(loads[side], 'CREATE Appended')
  await rate('APPEND, one connection', SINGLES.append, () => 'APPEND Appended', message)
  for (const side of sides) loads[side].close()
}

const some = (i: number): number => ((i * 7_919) % MESSAGES) + 1

/** Messages taken one by one over several connections, and over POP3. */
const several = async (report: Report, both: Both): Promise<void> => {
  const perSecond = async (work: () => Promise<unknown>): Promise<number> => {
    const began = performance.now()
    await work()
    return 1000 / (performance.now() - began)
  }
  const fetched = await inTurns(3, async (side) => {
    const loads = await Promise.all(Array.from({ length: AT_A_TIME }, () => login(both, side, 'INBOX')))
    const each = SINGLES.fetch / AT_A_TIME
    const all = await perSecond(() =>
      Promise.all(
        loads.map(async (load, at) => {
          for (let i = 0; i < each; i += 1) await timed(load, `FETCH ${some(at * each + i)} BODY.PEEK[]`)
        }),
      ),
    )
    for (const load of loads) load.close()
    return all * SINGLES.fetch
  })
  const commands = { goal: 1, unit: 'commands/s', better: 'more' } as const
  tell(report, { name: `FETCH of one message, ${AT_A_TIME} connections`, ...commands }, fetched)
  const doors = {
    ours: { port: both.ours.pop3, user: `user0@${DOMAIN}`, password: PASSWORD },
    theirs: { port: both.theirs.pop3Port, user: 'user0', password: both.theirs.password },
  }
  const taken = await inTurns(3, async (side) => {
    const load = await openPop3(doors[side])
    const all = await perSecond(async () => {
      for (let i = 0; i < SINGLES.retr; i += 1) await load.command(`RETR ${some(i)}`, true)
    })
    load.close()
    return all * SINGLES.retr
  })
  tell(report, { name: 'POP3 RETR', ...commands }, taken)
}

/** Ten thousand at once, there and away again. */
const many = async (report: Report, both: Both, watch: Watch): Promise<void> => {
  const loads = { ours: await login(both, 'ours', 'INBOX'), theirs: await login(both, 'theirs', 'INBOX') }
  const names = ['COPY', 'MOVE', 'STORE', 'EXPUNGE'] as const
  const values = Object.fromEntries(names.map((name) => [name, { ours: [] as number[], theirs: [] as number[] }]))
  for (const side of sides) {
    await timed(loads[side], 'CREATE Copied')
    await timed(loads[side], 'CREATE Moved')
  }
  const step = async (side: Side, name: (typeof names)[number], command: string): Promise<void> => {
    const run = (): Promise<number> => timed(loads[side], command)
    values[name]?.[side].push(await (side === 'ours' ? watch.during(command, run) : run()))
  }
  for (let round = 0; round < 3; round += 1)
    for (const side of sides) {
      await timed(loads[side], 'SELECT INBOX')
      await step(side, 'COPY', `COPY ${round * 1000 + 1}:${round * 1000 + MANY} Copied`)
      await timed(loads[side], 'SELECT Copied')
      await step(side, 'MOVE', 'MOVE 1:* Moved')
      await timed(loads[side], 'SELECT Moved')
      await step(side, 'STORE', 'STORE 1:* +FLAGS.SILENT (\\Deleted)')
      await step(side, 'EXPUNGE', 'EXPUNGE')
    }
  for (const name of names) {
    const { ours = [], theirs = [] } = values[name] ?? {}
    tell(report, { name: `${name} of ${MANY}`, goal: 1 }, { ours: median(ours), peer: median(theirs) })
  }
  for (const side of sides) loads[side].close()
}

const absolute = { kind: 'absolute', better: 'less' } as const

const run = async (report: Report): Promise<void> => {
  const folder = mkdtempSync(join(tmpdir(), 'postern-read-'))
  const theirFolder = mkdtempSync(join(tmpdir(), 'postern-read-peer-'))
  const theirs = dovecotMailbox(theirFolder, PORT + 143)
  let both: Both | undefined
  try {
    // A first start makes the account and the configuration of both.
    await (await startPostern({ portBase: PORT, users: 1, folder })).stop()
    mkdirSync(folder, { recursive: true })
    await theirs.start()
    await fill(folder, theirs)
    both = await cold(report, folder, theirs)
    const watch = new Watch(await login(both, 'ours'))
    await lists(report, both, watch)
    await singles(report, both)
    await several(report, both)
    await many(report, both, watch)
    report({ name: "another client's NOOP, longest", ours: watch.longest, unit: 'ms', goal: 20, ...absolute })
    report({
      name: 'resident after all this',
      ours: both.ours.resident() / 2 ** 20,
      unit: 'MiB',
      better: 'less',
      kind: 'stated',
    })
  } finally {
    await both?.ours.stop()
    await theirs.stop()
    for (const one of [folder, theirFolder]) rmSync(one, { recursive: true, force: true })
  }
}

export const bench: Bench = {
  name: 'read',
  about: `IMAP in a mailbox of ${MESSAGES} messages; peer: Dovecot 2.3 (Maildir) from Debian`,
  run,
}
