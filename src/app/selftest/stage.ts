/** A jail and a door with a clock of their own, over a store in memory: what the self-tests are played on. Nothing of a running server is touched. */
import { randomBytes } from 'node:crypto'
import { talkSentences } from '../../ban/sentences.ts'
import { type Prefix, readPrefix } from '../../base/ip.ts'
import { silentLog } from '../../base/log.ts'
import { type Jail, openJail } from '../../post/jail.ts'
import { type LoginOutcome, openLogins } from '../../post/login.ts'
import { writePassword } from '../../post/password.ts'
import { openInline } from '../../store/sqlite/inline.ts'

export const OWNER = 'anna@example.org'
export const PASSWORD = 'a password that is right'
const START = Date.UTC(2026, 0, 5, 9)

export type Stage = {
  readonly jail: Jail
  /** As a mail program does it. */
  readonly login: (ip: string, password: string, user?: string) => Promise<LoginOutcome['kind']>
  readonly now: () => number
  readonly pass: (ms: number) => void
  /** A jail over the same store, as after a restart. */
  readonly restarted: () => Promise<Jail>
}

const prefixOf = (text: string): readonly Prefix[] => {
  const read = readPrefix(text)
  return read.ok ? [read.value] : []
}

/** @param allow a network that is never banned. @param random 0 to 1. */
export const openStage = async (
  so: { readonly allow?: string; readonly random?: () => number } = {},
): Promise<Stage> => {
  const opened = openInline({ folder: ':memory:' })
  if (!opened.ok) throw new Error(`no store in memory: ${opened.error}`)
  const store = opened.value
  const passwordHash = await writePassword(PASSWORD, [randomBytes(16), randomBytes(16)])
  await store.addAccount({ name: OWNER, passwordHash, quotaBytes: 0, settings: '{}', now: START })
  let clock = START
  const now = (): number => clock
  const random = so.random ?? ((): number => 0.5)
  const settings = {
    enabled: true,
    sentences: talkSentences,
    allow: so.allow === undefined ? [] : prefixOf(so.allow),
    banLoopback: false,
  }
  const newJail = (): Jail => openJail({ store, now, random, log: silentLog, settings: () => settings })
  const jail = newJail()
  const logins = openLogins({
    store,
    jail,
    now,
    random,
    log: silentLog,
    secret: randomBytes(32),
    mostGuesses: () => talkSentences.rows.find((row) => row.offence === 'login-failed')?.count ?? 0,
  })
  return {
    jail,
    now,
    pass: (ms) => {
      clock += ms
    },
    login: async (ip, password, user = OWNER) =>
      (await logins.login(user, { password }, { ip, session: 'selftest' })).kind,
    restarted: async () => {
      await jail.flushed()
      const again = newJail()
      await again.restore()
      return again
    },
  }
}
