/** `postern spam hits` and `postern spam filter`: the filter over files, for comparing and measuring it. Neither asks the network. */
import { mkdir, readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { noOpinions, score } from '../../spam/engine.ts'
import { Learner } from '../../spam/learner.ts'
import { readMail } from '../../spam/mail/message.ts'
import { viewOf } from '../../spam/mail/view.ts'
import { type SaEngine, saEngine } from '../../spam/sa/engine.ts'
import { readRules } from '../../spam/sa/rule-file.ts'
import { thresholds } from '../../spam/table.ts'
import { readLearner, setLearnerAside, writeLearner } from '../server/learner-file.ts'
import { readRuleFolders } from '../spam/rule-folder.ts'
import { readLines } from '../verify-stdio/lines.ts'
import type { Command, Given, Shell } from './command.ts'

const MOST_FAULTS_SHOWN = 20
/** Lessons between two snapshots: what a crash may forget. */
const LESSONS_A_SNAPSHOT = 2000

/** The folders of an option that may be given with commas: `DIR` or `DIR,DIR`. */
const foldersOf = (given: Given): readonly string[] => {
  const value = given.values['rules']
  return typeof value === 'string' ? value.split(',').filter((one) => one !== '') : []
}

/** @returns the rules, or undefined after saying what is wrong. Lines that cannot be read are told of, and the rest is in force. */
const openRules = async (folders: readonly string[], shell: Shell): Promise<SaEngine | undefined> => {
  const texts = await readRuleFolders(folders.map((folder) => resolve(folder)))
  if (!texts.ok) {
    shell.err(`postern spam: ${texts.error}\n`)
    return undefined
  }
  const engine = saEngine(readRules(texts.value))
  for (const { file, line, why, text } of engine.faults.slice(0, MOST_FAULTS_SHOWN))
    shell.err(`${file}:${line}: ${why} (${text})\n`)
  const more = engine.faults.length - MOST_FAULTS_SHOWN
  if (more > 0) shell.err(`and ${more} more lines that are not in force\n`)
  return engine
}

const messageOf = async (path: string): Promise<Buffer | string> => {
  try {
    return await readFile(path)
  } catch (error) {
    if (!(error instanceof Error)) throw error
    return error.message
  }
}

export const spamHits: Command = {
  usage: 'spam hits --rules DIR PATH...',
  about:
    "Runs SpamAssassin's rules over messages and prints for each its path, its score and the rules that hit, parted by tabs. Reads\nthe *.cf files of DIR (`DIR,DIR` reads both, the later wins). Network tests and learning are off. Lines of the rule files that\ncannot be read are told of on standard error, with file, line and reason; the rest is in force.",
  options: [
    { name: 'rules', value: 'DIR', says: 'the folder of the rule files' },
    { name: 'subrules', says: 'name also the rules without a score of their own (__NAME)' },
  ],
  example: 'postern spam hits --rules /usr/share/spamassassin message.eml',
  json: true,
  run: async (given, shell) => {
    const folders = foldersOf(given)
    if (folders.length === 0 || given.words.length === 0) {
      shell.err(
        'postern spam hits: name the folder of the rules and at least one message: postern spam hits --rules DIR PATH...\n',
      )
      return 2
    }
    const engine = await openRules(folders, shell)
    if (engine === undefined) return 1
    let failed = 0
    for (const path of given.words) {
      const bytes = await messageOf(path)
      if (typeof bytes === 'string') {
        shell.err(`${path}: ${bytes}\n`)
        failed = 1
        continue
      }
      const { hits, score: points } = engine.run(viewOf(readMail(bytes)))
      const names = [...hits.keys()]
        .filter((name) => given.values['subrules'] === true || !name.startsWith('__'))
        .sort()
      shell.out(
        given.values['json'] === true
          ? `${JSON.stringify({ path, score: points, rules: names })}\n`
          : `${path}\t${points}\t${names.join()}\n`,
      )
    }
    return failed
  },
}

class Filter {
  readonly #folder: string
  readonly #rules: SaEngine | undefined
  readonly #now: () => number
  #learner: Learner
  #lessons = 0

  constructor(folder: string, learner: Learner, rules: SaEngine | undefined, now: () => number) {
    this.#folder = folder
    this.#learner = learner
    this.#rules = rules
    this.#now = now
  }

  async answer(line: string): Promise<string> {
    const [, verb = '', rest = ''] = /^(\S+)\s*(.*)$/s.exec(line) ?? []
    if (verb === 'mem') return String(Math.round(process.memoryUsage.rss() / 1024))
    if (verb === 'classify') return this.#classify(rest)
    const lesson = /^(spam|ham)\s+(.+)$/s.exec(rest)
    if (verb === 'train' && lesson !== null) return this.#train(lesson[1] === 'spam', lesson[2] ?? '')
    return 'error: say "classify PATH", "train spam PATH", "train ham PATH" or "mem"'
  }

  async #classify(path: string): Promise<string> {
    const message = await messageOf(path)
    if (typeof message === 'string') return `error: ${message}`
    const out = score(
      { message, receivedAt: this.#now() },
      this.#learner,
      this.#rules === undefined ? {} : { rules: this.#rules },
    )
    return `${out.score} ${out.score >= thresholds.flag ? 'spam' : 'ham'}`
  }

  async #train(spam: boolean, path: string): Promise<string> {
    const message = await messageOf(path)
    if (typeof message === 'string') return `error: ${message}`
    const { tokens } = score(
      { message, receivedAt: this.#now() },
      noOpinions,
      this.#rules === undefined ? {} : { rules: this.#rules },
    )
    this.#learner.train({ tokens, spam, weight: 1 })
    this.#lessons += 1
    if (this.#lessons % LESSONS_A_SNAPSHOT === 0) await this.save()
    return 'ok'
  }

  async save(): Promise<void> {
    if (this.#lessons > 0) await writeLearner(this.#folder, this.#learner.snapshot())
  }
}

/** What was learned before; a damaged file is set aside, and learning begins anew. */
const learnerIn = async (folder: string, shell: Shell): Promise<Learner> => {
  const bytes = await readLearner(folder)
  const read = bytes === undefined ? undefined : Learner.read(bytes)
  if (read?.ok === true) return read.value
  if (read !== undefined) {
    await setLearnerAside(folder)
    shell.err(
      `postern spam filter: what was learned in ${folder} is damaged; it was set aside, and learning begins anew\n`,
    )
  }
  return Learner.empty()
}

export const spamFilter: Command = {
  usage: 'spam filter --stdio --state DIR [--rules DIR]',
  about:
    'The filter alone, a line in, a line out: "classify PATH" is answered "SCORE spam" or "SCORE ham", "train spam PATH" and "train ham PATH" are\nanswered "ok", "mem" is answered with the resident memory in KiB. What it learns is kept in the state folder.',
  options: [
    { name: 'stdio', says: 'read commands from standard input until it ends' },
    { name: 'state', value: 'DIR', says: 'where what was learned is kept; made when it is not there' },
    { name: 'rules', value: 'DIR', says: "a folder of SpamAssassin's rules, whose points count too" },
  ],
  example: "printf 'classify message.eml\\n' | postern spam filter --stdio --state learned",
  json: false,
  run: async (given, shell) => {
    const state = given.values['state']
    if (given.values['stdio'] !== true || typeof state !== 'string' || given.words.length > 0) {
      shell.err(
        'postern spam filter: reads its commands from standard input: postern spam filter --stdio --state DIR\n',
      )
      return 2
    }
    const folders = foldersOf(given)
    const rules = folders.length === 0 ? undefined : await openRules(folders, shell)
    if (folders.length > 0 && rules === undefined) return 1
    await mkdir(state, { recursive: true, mode: 0o700 })
    const filter = new Filter(state, await learnerIn(state, shell), rules, shell.now)
    for await (const line of readLines(shell.input))
      if (line === undefined || line.trim() !== '')
        shell.out(`${line === undefined ? 'error: the line is too long' : await filter.answer(line)}\n`)
    await filter.save()
    return 0
  },
}
