/** SIGKILL while 50 sessions deliver, twenty times: what was answered with 250 is there afterwards, once, and the store is sound. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Bench, Figure } from './bench.ts'
import { openImap } from './load/imap.ts'
import { loadMessage, smtpLoad } from './load/smtp.ts'
import { median } from './numbers.ts'
import { type BenchServer, DOMAIN, PASSWORD, startPostern } from './postern.ts'

const ROUNDS = 20
const SESSIONS = 50
const MESSAGES = 100_000 // more than are taken before the kill
const SIZE = 4096
const USERS = 4
const PORT = 24_600
const LEAST_MS = 200
const MORE_MS = 1500

export type Killed = {
  readonly acknowledged: number
  readonly missing: number
  readonly twice: number
  readonly findings: number
  /** From the start of the program to its first listener. */
  readonly upAgainMs: readonly number[]
}

/** The numbers of all stored messages, as often as each is stored. */
const stored = async (server: BenchServer): Promise<ReadonlyMap<string, number>> => {
  const found = new Map<string, number>()
  for (let user = 0; user < USERS; user += 1) {
    const imap = await openImap({
      host: '127.0.0.1',
      port: server.imap,
      tls: false,
      user: `user${user}@${DOMAIN}`,
      password: PASSWORD,
      mailbox: 'INBOX',
    })
    const answer = await imap.command('FETCH 1:* (BODY.PEEK[HEADER.FIELDS (X-LOAD)])', { keep: true })
    imap.close()
    for (const [, id = ''] of answer.text.matchAll(/^X-Load: (\S+)/gm)) found.set(id, (found.get(id) ?? 0) + 1)
  }
  return found
}

const findingsOf = (folder: string): number => {
  const done = spawnSync('./postern', ['check', '--data', join(folder, 'data'), '--json'], { encoding: 'utf8' })
  const read: unknown = JSON.parse(done.stdout === '' ? '{}' : done.stdout)
  return typeof read === 'object' && read !== null && 'findings' in read && Array.isArray(read.findings)
    ? read.findings.length
    : 1
}

/** @param random 0 to 1. @returns what was seen after all rounds. */
export const killRounds = async (rounds: number, portBase: number, random: () => number): Promise<Killed> => {
  const folder = mkdtempSync(join(tmpdir(), 'postern-kill-'))
  const acknowledged = new Set<string>()
  const upAgainMs: number[] = []
  let findings = 0
  try {
    for (let round = 0; round < rounds; round += 1) {
      const server = await startPostern({ portBase, users: USERS, folder })
      const loading = smtpLoad({
        host: '127.0.0.1',
        port: server.smtp,
        sessions: SESSIONS,
        messages: MESSAGES,
        size: SIZE,
        to: (n) => [`user${n % USERS}@${DOMAIN}`],
        message: (n) =>
          Buffer.from(
            loadMessage(n, SIZE)
              .toString('latin1')
              .replace(/^X-Load: .*$/m, `X-Load: ${round}.${n}`),
          ),
        accepted: (n) => acknowledged.add(`${round}.${n}`),
      })
      await new Promise((resolve) => setTimeout(resolve, LEAST_MS + random() * MORE_MS))
      await server.kill()
      await loading
      const since = performance.now()
      const again = await startPostern({ portBase, users: USERS, folder })
      upAgainMs.push(performance.now() - since)
      await again.stop()
      findings += findingsOf(folder)
    }
    const server = await startPostern({ portBase, users: USERS, folder })
    const found = await stored(server)
    await server.stop()
    const missing = [...acknowledged].filter((id) => !found.has(id)).length
    const twice = [...found.values()].filter((times) => times > 1).length
    return { acknowledged: acknowledged.size, missing, twice, findings, upAgainMs }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

export const bench: Bench = {
  name: 'kill',
  about: `SIGKILL of everything while ${SESSIONS} sessions deliver, ${ROUNDS} times; absolute`,
  run: async (report: (figure: Figure) => void) => {
    const done = await killRounds(ROUNDS, PORT, Math.random)
    const none = { unit: 'messages', better: 'less', kind: 'absolute', goal: 0 } as const
    const stated = { better: 'less', kind: 'stated' } as const
    report({ name: 'kill -9: acknowledged', ours: done.acknowledged, unit: 'messages', ...stated })
    report({ name: 'kill -9: acknowledged but missing', ours: done.missing, ...none })
    report({ name: 'kill -9: stored twice, sent once', ours: done.twice, ...none })
    report({ name: 'kill -9: findings of postern check', ours: done.findings, ...none, unit: 'findings' })
    report({ name: 'kill -9: up again, median', ours: median(done.upAgainMs), unit: 'ms', ...stated })
  },
}
