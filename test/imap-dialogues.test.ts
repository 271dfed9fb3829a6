/**
 * Golden IMAP dialogues: each file of test/dialogues/imap is played against a session over a store in memory, several clients at once, and all that
 * the server says is compared. The files say what the RFCs say; how they are written is told in test/dialogues/imap/README.md.
 */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { test } from 'node:test'
import { type HouseOptions, Line, openHouse } from './dialogues/imap-house.ts'
import { readDialogue, type Step } from './dialogues/imap-script.ts'

const files = globSync('test/dialogues/imap/*.txt').sort()

test('there are dialogues', () => assert.ok(files.length > 25, `only ${files.length}`))

const optionsOf = (words: readonly string[]): HouseOptions => {
  const limits: Record<string, number> = {}
  let options: HouseOptions = {}
  for (const word of words) {
    const [name = '', value = ''] = word.split('=')
    if (name === 'quota') options = { ...options, quotaBytes: Number(value) }
    else limits[name] = Number(value)
  }
  return { ...options, limits }
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

class Play {
  readonly #known = new Map<string, string>()
  readonly #lines = new Map<string, Line>()
  readonly #house: Awaited<ReturnType<typeof openHouse>>

  constructor(house: Awaited<ReturnType<typeof openHouse>>) {
    this.#house = house
  }

  async #line(who: string, setUp: Extract<Step, { kind: 'open' }> | undefined): Promise<Line> {
    const known = this.#lines.get(who)
    if (known !== undefined && setUp === undefined) return known
    const line = new Line(this.#house, setUp?.tls !== false)
    this.#lines.set(who, line)
    if (setUp?.raw === true) return line
    await line.heard()
    const user = setUp?.user ?? 'alice'
    assert.match(await line.say(`login LOGIN ${user} secret`), /^login OK /)
    for (const command of setUp?.commands ?? []) assert.match(await line.say(`open ${command}`), /^open OK /m)
    return line
  }

  async step(step: Step): Promise<void> {
    if (step.kind === 'open') {
      await this.#line(step.who, step)
      return
    }
    if (step.kind === 'put') {
      await this.#put(step)
      return
    }
    const line = await this.#line(step.who, undefined)
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

  async #put(step: Extract<Step, { kind: 'put' }>): Promise<void> {
    const { store, accounts, deps } = this.#house
    const account = accounts.get(`${step.user}@example.org`)
    assert.ok(account !== undefined)
    const mailbox = await store.mailbox({ account: account.id, name: step.mailbox })
    assert.ok(mailbox.ok, `no mailbox ${step.mailbox}`)
    for (const text of step.messages) {
      const place = {
        account: account.id,
        mailbox: mailbox.value.id,
        flags: [],
        prefix: '',
        internalDate: deps.now(),
        enforceQuota: false,
      }
      const placed = await store.deliver({
        body: { bytes: Buffer.from(text, 'latin1') },
        places: [place],
        now: deps.now(),
      })
      assert.ok(placed.ok && placed.value[0]?.ok === true)
    }
  }

  /** Nothing may have been said that no step heard. */
  async end(): Promise<void> {
    for (const [who, line] of this.#lines) {
      assert.equal(await line.heard(), '', `client ${who} heard more than the dialogue says`)
      line.gone()
    }
  }
}

for (const file of files)
  test(`dialogue ${basename(file, '.txt')}`, async () => {
    const { options, steps } = readDialogue(readFileSync(file, 'latin1'))
    const house = await openHouse(optionsOf(options))
    try {
      const play = new Play(house)
      for (const step of steps) await play.step(step)
      await play.end()
      assert.deepEqual(await house.store.check(), { ok: true, value: [] })
    } finally {
      await house.close()
    }
  })
