/**
 * The dialogues of test/dialogues/imap played to Debian's Dovecot: where both servers should agree, they must, and where they do not, the difference is a row of
 * test/interop/dialogue-differences.ts with the sentence of the RFC that lets us. What each may choose is not compared (dialogue-answers.ts tells what).
 */
import assert from 'node:assert/strict'
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createConnection, type Socket } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { basename, join } from 'node:path'
import { after, before, test } from 'node:test'
import { answers, startDovecot } from '../../bench/peers/postfix-dovecot.ts'
import { readDialogue, type Step } from '../dialogues/imap-script.ts'
import { differ, readAnswer } from './dialogue-answers.ts'
import { explanationOf, explanations, notPlayed, playedTo } from './dialogue-differences.ts'

const PORT = 31300
const DEADLINE_MS = 3000
/** How long something is waited for that comes unasked, or does not. */
const UNASKED_MS = 700

const skip = userInfo().uid === 0 ? false : 'a Dovecot of its own wants root'

let folder: string
let dovecot: number | undefined

const more = (): string => `
namespace inbox {
  inbox = yes
  separator = /
}
mailbox_list_index = yes
mail_attribute_dict = file:%h/attributes
protocol imap {
  imap_metadata = yes
}
`

before(async () => {
  if (skip !== false) return
  folder = mkdtempSync(join(tmpdir(), 'postern-dialogues-'))
  dovecot = startDovecot(folder, PORT, more())
  await answers(PORT)
})
after(() => {
  if (dovecot !== undefined) process.kill(dovecot, 'SIGTERM')
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true })
})

/** A connection to Dovecot. */
class Caller {
  readonly #socket: Socket
  #heard = ''
  #rang: () => void = () => undefined

  constructor() {
    this.#socket = createConnection({ port: PORT, host: '127.0.0.1' })
    this.#socket.setNoDelay(true)
    this.#socket.on('data', (bytes) => {
      this.#heard += bytes.toString('latin1')
      this.#rang()
    })
    this.#socket.on('error', () => undefined)
    this.#socket.on('close', () => this.#rang())
  }

  send(text: string): void {
    this.#socket.write(Buffer.from(text, 'latin1'))
  }

  /** What was heard up to a response that `last` finds, or until `ms` are over. */
  async until(last: RegExp, ms: number): Promise<string> {
    const late = performance.now() + ms
    while (!last.test(this.#heard) && performance.now() < late && !this.#socket.destroyed)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, Math.max(1, late - performance.now()))
        this.#rang = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    const heard = this.#heard
    this.#heard = ''
    return heard
  }

  async ask(text: string): Promise<string> {
    this.send(`ask ${text}\r\n`)
    return this.until(/^ask /m, DEADLINE_MS)
  }

  close(): void {
    this.#socket.destroy()
  }
}

const literal = (text: string): string => `{${text.length}+}\r\n${text}`

/** Plays one dialogue to Dovecot. */
class Played {
  readonly #name: string
  readonly #known = new Map<string, string>()
  readonly #callers = new Map<string, Caller>()
  #said = ''
  readonly differences: { command: string; mine: string[]; peer: string[] }[] = []

  constructor(name: string) {
    this.#name = name
  }

  async #open(user: string, commands: readonly string[], raw = false): Promise<Caller> {
    const caller = new Caller()
    await caller.until(/^\* OK/m, DEADLINE_MS)
    if (raw) return caller
    await caller.ask(`LOGIN ${this.#name}-${user} bench`)
    for (const command of commands) await caller.ask(command)
    return caller
  }

  async #caller(who: string, step?: Extract<Step, { kind: 'open' }>): Promise<Caller> {
    const there = this.#callers.get(who)
    if (there !== undefined && step === undefined) return there
    const caller = await this.#open(step?.user ?? 'alice', step?.commands ?? [], step?.raw)
    this.#callers.set(who, caller)
    return caller
  }

  async #put({ user, mailbox, messages }: Extract<Step, { kind: 'put' }>): Promise<void> {
    const caller = await this.#open(user, [])
    for (const message of messages) await caller.ask(`APPEND ${mailbox} ${literal(message)}`)
    caller.close()
  }

  async #hear(step: Extract<Step, { kind: 'hear' }>, caller: Caller): Promise<void> {
    const tag = /(?:^|\r\n)(?!\*|\+|\[)(\S+) [^\r\n]*\r\n$/.exec(step.text)?.[1]
    const asks = step.text.endsWith('\r\n') && /(?:^|\r\n)\+ [^\r\n]*\r\n$/.test(step.text)
    const last = tag !== undefined ? new RegExp(`^${tag.replaceAll('.', '\\.')} `, 'm') : asks ? /^\+/m : /$^/
    const heard = await caller.until(last, tag !== undefined || asks ? DEADLINE_MS : UNASKED_MS)
    for (const [, before = '', name = '', behind = ''] of step.text.matchAll(/([A-Z]+ )<\$(\w+)>(.?)/g)) {
      const found = new RegExp(`${before}([^\\s()\\]]+)${behind === '' ? '' : `\\${behind}`}`).exec(heard)?.[1]
      if (found !== undefined && !this.#known.has(name)) this.#known.set(name, found)
    }
    const { mine, peer } = differ(readAnswer(step.text), readAnswer(heard))
    if (mine.length + peer.length > 0) this.differences.push({ command: this.#said, mine, peer })
  }

  async step(step: Step): Promise<void> {
    if (step.kind === 'open') await this.#caller(step.who, step)
    else if (step.kind === 'put') await this.#put(step)
    else if (step.kind === 'say') {
      this.#said = step.text.replaceAll(/<\$(\w+)>/g, (all, name: string) => this.#known.get(name) ?? all)
      const caller = await this.#caller(step.who)
      caller.send(this.#said)
    } else if (step.kind === 'hear') await this.#hear(step, await this.#caller(step.who))
    else this.#callers.get(step.who)?.close()
  }

  end(): void {
    for (const caller of this.#callers.values()) caller.close()
  }
}

const used = new Set<string>()

for (const file of globSync('test/dialogues/imap/*.txt').sort()) {
  const name = basename(file, '.txt')
  const why = notPlayed[name]
  if (why !== undefined) continue
  test(`dialogue ${name}: what Dovecot says`, { skip }, async () => {
    const played = new Played(name)
    try {
      const last = playedTo[name]
      for (const step of readDialogue(readFileSync(file, 'latin1')).steps) {
        if (last !== undefined && step.kind === 'say' && step.text.startsWith(last)) break
        await played.step(step)
      }
    } finally {
      played.end()
    }
    const unexplained = played.differences.filter((one) => {
      const explanation = explanationOf(name, one)
      if (explanation !== undefined) used.add(explanation)
      return explanation === undefined
    })
    const told = unexplained.map(
      ({ command, mine, peer }) =>
        `${command.trim().slice(0, 200)}\n   ours   ${mine.join('\n          ')}\n   theirs ${peer.join('\n          ')}`,
    )
    assert.equal(told.length, 0, `\n${told.join('\n')}`)
  })
}

test('every explanation is needed', { skip }, () => {
  const unused = explanations.map(({ name }) => name).filter((name) => !used.has(name))
  assert.deepEqual(unused, [])
})
