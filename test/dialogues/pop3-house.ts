/** The house of the IMAP dialogues (test/dialogues/imap-house.ts) with a POP3 door: the same accounts, store and clock, so that both protocols see one mailbox. */
import assert from 'node:assert/strict'
import type { Pop3Deps } from '../../src/session/pop3/deps.ts'
import { type Pop3Limits, pop3Limits } from '../../src/session/pop3/limits.ts'
import { Maildrops } from '../../src/session/pop3/maildrops.ts'
import { pop3Session } from '../../src/session/pop3/session.ts'
import { type House, Line } from './imap-house.ts'
import { type Opening, openImap } from './play.ts'

export type Pop3Options = Partial<Pick<Pop3Deps, 'expireMs' | 'markSeen' | 'startTls' | 'store' | 'scram' | 'log'>> & {
  readonly limits?: Partial<Pop3Limits>
}

/** What POP3 sessions of a house need; one for all of them, because they share the locks. */
export const pop3Deps = (house: House, options: Pop3Options = {}): Pop3Deps => ({
  ...house.deps,
  maildrops: new Maildrops(),
  startTls: true,
  markSeen: true,
  expireMs: null,
  ...options,
  limits: { ...pop3Limits, ...options.limits },
})

/** Opens a connection as a dialogue says: logged in unless it is to be raw; or one that speaks IMAP. */
export const openPop3 = async (house: House, deps: Pop3Deps, setUp?: Opening): Promise<Line> => {
  if (setUp?.imap === true) return openImap(house, setUp)
  const line = new Line(house, setUp?.tls !== false, pop3Session(deps))
  if (setUp?.raw === true) return line
  assert.match(await line.heard(), /^\+OK /)
  line.send(`USER ${setUp?.user ?? 'alice'}\r\nPASS secret\r\n`)
  assert.match(await line.heard(), /^\+OK .*\r\n\+OK .*\r\n$/)
  for (const command of setUp?.commands ?? []) assert.match(await line.say(command), /^\+OK/)
  return line
}
