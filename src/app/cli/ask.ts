/**
 * How a command asks the house: over the admin socket of the server that runs, or, where none runs, by opening the store itself for this one verb. The operator
 * need not know which.
 */
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { silentLog } from '../../base/log.ts'
import { fail, ok, type Result } from '../../base/result.ts'
import { openAccounts } from '../../post/accounts.ts'
import { openAppPasswords } from '../../post/app-passwords.ts'
import { openHistory } from '../../post/history.ts'
import { openJail } from '../../post/jail.ts'
import { openDesk } from '../../post/queue/desk.ts'
import { openNotices } from '../../post/queue/notices.ts'
import { fileNames } from '../../store/sqlite/database.ts'
import { openInline } from '../../store/sqlite/inline.ts'
import { askServer } from '../admin/socket.ts'
import { answerAdmin } from '../admin/verbs.ts'
import type { AdminAnswer, AdminRequest } from '../admin/wire.ts'
import { frozenWith, type Guarding, openGuarding } from '../server/guarding.ts'
import { postSettings } from '../server/settings-of.ts'
import { openSigningHere } from '../server/signing.ts'
import { storeWords } from '../server/store-words.ts'
import type { Settings } from '../settings/schema.ts'
import type { Given, Shell } from './command.ts'
import { type Config, configOf } from './config-file.ts'

const byItself = async (config: Config, request: AdminRequest, now: () => number): Promise<AdminAnswer> => {
  const store = openInline({ folder: config.folder })
  if (!store.ok) return { ok: false, says: storeWords(store.error, config.folder) }
  const { jail: jailSettings } = postSettings(config.settings)
  const jail = openJail({
    store: store.value,
    now,
    random: () => 0.5, // no sentence is passed here
    log: silentLog,
    settings: () => jailSettings,
  })
  const fresh = (octets: number): Uint8Array => randomBytes(octets)
  let guarding: Guarding | undefined
  try {
    await jail.restore()
    const settings = (): Settings => config.settings
    const signing = await openSigningHere({ store: store.value, settings, now, log: silentLog })
    const appPasswords = openAppPasswords({ store: store.value, now, fresh, log: silentLog })
    guarding = await openGuarding({
      store: store.value,
      settings,
      history: openHistory({ store: store.value, now, log: silentLog }),
      signing,
      now,
      log: silentLog,
      fresh,
      cut: () => 0, // no server runs
      revoke: appPasswords.revokeAll,
      wake: () => undefined,
    })
    const notices = openNotices({
      ...{ store: store.value, now, log: silentLog, host: () => settings().host },
      keepReceiptsMs: () => settings().keep.receipts,
      returnTo: () => undefined, // of mail that was sent on, the running server tells
      wake: () => undefined,
    })
    const accounts = openAccounts({ store: store.value, now, fresh, frozenWith: frozenWith(guarding) })
    return await answerAdmin(
      {
        store: store.value,
        accounts,
        jail,
        signing,
        guarding,
        appPasswords,
        sending: { desk: openDesk({ store: store.value, notices, now }) },
        cutAccount: () => 0, // no server runs: there are no sessions
        now,
        log: silentLog,
      },
      request,
    )
  } finally {
    await guarding?.settled()
    await jail.flushed()
    await store.value.close()
  }
}

/** @returns the answer's value, or what to tell the operator. */
export const ask = async (
  config: Config,
  request: AdminRequest,
  so: { readonly now: () => number; readonly make?: boolean },
): Promise<Result<unknown, string>> => {
  const answered = await askServer(config.folder, request)
  if (!answered.ok && answered.error === 'broken') return fail('the server broke off; its log says why')
  if (!answered.ok && so.make !== true && !existsSync(join(config.folder, fileNames.database)))
    return fail(`there is no mail store in ${config.folder}; is "data" in ${config.file} right?`)
  const answer = answered.ok ? answered.value : await byItself(config, request, so.now)
  return answer.ok ? ok(answer.value) : fail(answer.says)
}

/** Asks, and prints: `--json` the value as it is, else what `print` makes of it. @returns the exit code. */
export const askAndPrint = async (
  given: Given,
  shell: Shell,
  request: AdminRequest,
  print: (value: unknown) => string,
  make = false,
): Promise<number> => {
  const config = configOf(given, shell)
  if (config === undefined) return 2
  const answer = await ask(config, request, { now: shell.now, make })
  if (!answer.ok) {
    shell.err(`postern: ${answer.error}\n`)
    return 1
  }
  shell.out(given.values['json'] === true ? `${JSON.stringify(answer.value)}\n` : print(answer.value))
  return 0
}
