/** What the spamd sessions need, from the house. Composition only. */
import { readIp, within } from '../../base/ip.ts'
import { thresholdsOf } from '../../post/account-settings.ts'
import type { SpamdDeps } from '../../session/spamd/deps.ts'
import type { Settings } from '../settings/schema.ts'
import type { House } from './house.ts'

/** @returns what makes the deps of a session by the settings of the moment; all share one count of octets in memory. */
export const spamdDeps = (
  { pool, teacher, store }: Pick<House, 'pool' | 'teacher' | 'store'>,
  current: () => Settings,
  now: () => number,
): (() => SpamdDeps) => {
  const room = { held: 0 }
  return () => {
    const { spamd, spam, host } = current()
    return {
      scan: pool.scan,
      tell: teacher.told,
      who: async (user) => {
        const found = user === undefined ? undefined : await store.account({ name: user.toLowerCase() })
        if (found?.ok !== true) return { account: undefined, flagAt: spam.flag }
        const { name, settings } = found.value
        return { account: name, flagAt: thresholdsOf(settings, spam).flag }
      },
      mayAsk: (text) => {
        const ip = readIp(text)
        return ip.ok && spamd.from.some((prefix) => within(ip.value, prefix))
      },
      mayTell: spamd.tell,
      room,
      limits: spamd.limits,
      host,
      now,
    }
  }
}
