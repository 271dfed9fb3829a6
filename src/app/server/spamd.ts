/** What the spamd sessions need, from the house. Composition only. */
import { readIp, within } from '../../base/ip.ts'
import type { SpamdDeps } from '../../session/spamd/deps.ts'
import type { Settings } from '../settings/schema.ts'
import type { House } from './house.ts'

/** @returns what makes the deps of a session by the settings of the moment; all share one count of octets in memory. */
export const spamdDeps = (
  { office, teacher, store }: Pick<House, 'office' | 'teacher' | 'store'>,
  current: () => Settings,
): (() => SpamdDeps) => {
  const room = { held: 0 }
  return () => {
    const { spamd, host } = current()
    return {
      consult: office.consult,
      tell: teacher.told,
      who: async (user) => {
        const found = user === undefined ? undefined : await store.account({ name: user.toLowerCase() })
        return found?.ok === true ? found.value.name : undefined
      },
      mayAsk: (text) => {
        const ip = readIp(text)
        return ip.ok && spamd.from.some((prefix) => within(ip.value, prefix))
      },
      mayTell: spamd.tell,
      counts: spamd.jail,
      room,
      limits: spamd.limits,
      host,
    }
  }
}
