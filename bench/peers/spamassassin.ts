/** SpamAssassin 4.0.1 (Debian's spamassassin) with its rules alone, network and Bayes off, and our engine over the same files: the pairs that differ. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { readRuleFolders } from '../../src/app/spam/rule-folder.ts'
import { readMail } from '../../src/spam/mail/message.ts'
import { viewOf } from '../../src/spam/mail/view.ts'
import { type SaEngine, saEngine } from '../../src/spam/sa/engine.ts'
import { readRules } from '../../src/spam/sa/rule-file.ts'

const RULES = '/usr/share/spamassassin'
const SITE = '/etc/spamassassin'

type PeerHits = {
  readonly path: string
  readonly score: number
  readonly rules: ReadonlySet<string>
  /** Seconds. */
  readonly cpu: number
}

export const isSpamAssassinThere = (): boolean =>
  existsSync(RULES) && existsSync('/usr/share/perl5/Mail/SpamAssassin.pm')

/** Our engine with the same files. */
export const ownEngine = async (): Promise<SaEngine> => {
  const texts = await readRuleFolders([RULES, SITE])
  if (!texts.ok) throw new Error(texts.error)
  // Debian's init.pre says which names of lists are in force.
  const pre = { name: 'init.pre', text: readFileSync(join(SITE, 'init.pre'), 'latin1') }
  return saEngine(readRules([pre, ...texts.value]))
}

/** Runs SpamAssassin in one process over the files; an answer each, as it comes. */
export async function* spamAssassin(paths: readonly string[]): AsyncGenerator<PeerHits> {
  const home = mkdtempSync(join(tmpdir(), 'postern-sa-'))
  const child = spawn('perl', [join(import.meta.dirname, 'spamassassin.pl'), RULES, SITE, home], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const ended = once(child, 'exit')
  try {
    child.stdin.end(paths.map((path) => `${path}\n`).join(''))
    for await (const line of createInterface({ input: child.stdout })) {
      const [path = '', score = '', tests = '', sub = '', cpu = ''] = line.split('\t')
      const rules = [...tests.split(','), ...sub.split(',')].filter((name) => name !== '' && name !== 'none')
      yield { path, score: Number(score), rules: new Set(rules), cpu: Number(cpu) }
    }
    const [code] = await ended
    if (code !== 0) throw new Error(`SpamAssassin ended with ${String(code)}`)
  } finally {
    child.kill()
    rmSync(home, { recursive: true, force: true })
  }
}

export type Difference = {
  readonly path: string
  readonly rule: string
  readonly kind: string
  readonly who: 'only SpamAssassin' | 'only we'
}
export type Comparison = {
  readonly pairs: number
  readonly differences: readonly Difference[]
  readonly scoresThatDiffer: number
  readonly peerCpu: number
  readonly ownCpu: number
}

/** Runs both over the files. @param told of each message that is done. */
export const compare = async (paths: readonly string[], told?: (done: number) => void): Promise<Comparison> => {
  const engine = await ownEngine()
  const differences: Difference[] = []
  let [pairs, scores, peerCpu, ownCpu, done] = [0, 0, 0, 0, 0]
  for await (const peer of spamAssassin(paths)) {
    const bytes = readFileSync(peer.path)
    const before = process.cpuUsage()
    const own = engine.run(viewOf(readMail(bytes)))
    const { user, system } = process.cpuUsage(before)
    ownCpu += (user + system) / 1e6
    peerCpu += peer.cpu
    const all = new Set([...peer.rules, ...own.hits.keys()])
    pairs += all.size
    for (const rule of all) {
      const [theirs, ours] = [peer.rules.has(rule), own.hits.has(rule)]
      if (theirs !== ours)
        differences.push({
          path: peer.path,
          rule,
          kind: engine.kind(rule),
          who: theirs ? 'only SpamAssassin' : 'only we',
        })
    }
    if (Math.abs(peer.score - own.score) > 0.051) scores += 1
    done += 1
    told?.(done)
  }
  return { pairs, differences, scoresThatDiffer: scores, peerCpu, ownCpu }
}
