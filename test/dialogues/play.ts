/** Plays dialogues (test/dialogues/imap/README.md tells their form): several clients, and all that each of them hears is compared. */
import assert from 'node:assert/strict'
import { type House, Line } from './imap-house.ts'
import type { Step } from './imap-script.ts'

/** How a dialogue wants a connection. */
export type Opening = Extract<Step, { kind: 'open' }>

/** Delivers a message, latin1 text, as it is. */
export const putMessage = async (house: House, text: string, user = 'alice', name = 'INBOX'): Promise<void> => {
  const { store, accounts, deps } = house
  const account = accounts.get(`${user}@example.org`)
  assert.ok(account !== undefined)
  const mailbox = await store.mailbox({ account: account.id, name })
  assert.ok(mailbox.ok, `no mailbox ${name}`)
  const to = { account: account.id, mailbox: mailbox.value.id }
  const place = { ...to, flags: [], prefix: '', internalDate: deps.now(), enforceQuota: false }
  const placed = await store.deliver({ body: { bytes: Buffer.from(text, 'latin1') }, places: [place], now: deps.now() })
  assert.ok(placed.ok && placed.value[0]?.ok === true)
}

/** Opens an IMAP connection, logged in unless it is to be raw. */
export const openImap = async (house: House, setUp: Opening | undefined): Promise<Line> => {
  const line = new Line(house, setUp?.tls !== false)
  if (setUp?.raw === true) return line
  await line.heard()
  assert.match(await line.say(`login LOGIN ${setUp?.user ?? 'alice'} secret`), /^login OK /)
  for (const command of setUp?.commands ?? []) assert.match(await line.say(`open ${command}`), /^open OK /m)
  return line
}

const escaped = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')

/** A pattern as a regular expression: `<*>` is anything in a line, `<n>` a number, `<$x>` is remembered and then the same. */
const patternOf = (text: string, known: Map<string, string>): { pattern: RegExp; names: string[] } => {
  const names: string[] = []
  const source = text.split(/(<\*>|<n>|<\$\w+>)/).map((piece) => {
    if (piece === '<*>') return '[^\\r\\n]*?'
    if (piece === '<n>') return '\\d+'
    const name = /^<\$(\w+)>$/.exec(piece)?.[1]
    if (name === undefined) return escaped(piece)
    const value = known.get(name)
    if (value !== undefined) return escaped(value)
    if (names.includes(name)) return `\\${names.indexOf(name) + 1}`
    names.push(name)
    return '([^\\s()\\]]+)'
  })
  return { pattern: new RegExp(`^${source.join('')}$`), names }
}

const filled = (text: string, known: Map<string, string>): string =>
  text.replaceAll(/<\$(\w+)>/g, (whole, name: string) => known.get(name) ?? whole)

/** Plays the steps of one dialogue. */
export class Play {
  readonly #known = new Map<string, string>()
  readonly #lines = new Map<string, Line>()
  readonly #house: House
  readonly #open: (setUp: Opening | undefined) => Promise<Line>

  /** @param open opens a connection as the dialogue says; undefined for one that it only begins to speak on. */
  constructor(house: House, open: (setUp: Opening | undefined) => Promise<Line>) {
    this.#house = house
    this.#open = open
  }

  async #line(who: string, setUp: Opening | undefined): Promise<Line> {
    const known = this.#lines.get(who)
    if (known !== undefined && setUp === undefined) return known
    const line = await this.#open(setUp)
    this.#lines.set(who, line)
    return line
  }

  async step(step: Step): Promise<void> {
    if (step.kind === 'open') {
      await this.#line(step.who, step)
      return
    }
    if (step.kind === 'put') {
      for (const text of step.messages) await putMessage(this.#house, text, step.user, step.mailbox)
      return
    }
    const line = await this.#line(step.who, undefined)
    if (step.kind === 'end') {
      if (step.why === 'gone') line.gone()
      else line.farewell(step.why)
      return
    }
    if (step.kind === 'say') {
      line.send(filled(step.text, this.#known))
      return
    }
    const heard = await line.heard()
    const { pattern, names } = patternOf(step.text, this.#known)
    const found = pattern.exec(heard)
    if (found === null) assert.equal(heard, filled(step.text, this.#known), `line ${step.at}, client ${step.who}`)
    for (const [at, name] of names.entries()) this.#known.set(name, found?.[at + 1] ?? '')
  }

  /** Nothing may have been said that no step heard. */
  async end(): Promise<void> {
    for (const [who, line] of this.#lines) {
      assert.equal(await line.heard(), '', `client ${who} heard more than the dialogue says`)
      line.gone()
    }
  }
}
