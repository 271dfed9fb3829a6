/** What the administrator can ask about accounts that send: freezing, thawing, what is held, budgets. */
import * as z from 'zod'
import type { Result } from '../../base/result.ts'
import { ownSendingOf, secondAddressOf } from '../../post/account-settings.ts'
import type { FreezeRecord } from '../../post/guard/record.ts'
import { type WardenFault, wardenWords } from '../../post/guard/warden.ts'
import { whyWords } from '../../post/guard/words.ts'
import { type Row, row, told } from './row.ts'
import type { AdminAnswer } from './wire.ts'

const name = z.string().max(320)
const id = z.string().max(64).optional()
const limit = z.number().int().min(0).max(10_000_000).nullable().optional()
const amount = z.object({ messages: limit, recipients: limit, firstTime: limit }).optional()
const points = z.number().min(-1000).max(1000).nullable().optional()

const isWord = (fault: WardenFault): fault is keyof typeof wardenWords => Object.hasOwn(wardenWords, fault)
const answer = <T>(result: Result<T, WardenFault>, value: (of: T) => unknown): AdminAnswer => {
  if (result.ok) return { ok: true, value: value(result.value) }
  return isWord(result.error)
    ? { ok: false, says: wardenWords[result.error] }
    : told({ ok: false, error: result.error }, () => null)
}

/** What is shown of a freeze; never the password's hash. */
const shown = ({ record, held }: { readonly record: FreezeRecord; readonly held: number }) => ({
  name: record.name,
  at: new Date(record.at).toISOString(),
  why: record.why,
  says: whyWords(record.why),
  note: record.note,
  stolen: record.stolen,
  ip: record.evidence.ip,
  network: record.evidence.network,
  newNetwork: record.evidence.newNetwork,
  strikes: record.evidence.strikes.length,
  done: record.done,
  held,
})

export const frozenRows: Readonly<Record<string, Row>> = {
  'account-freeze': row(
    z.object({ name, note: z.string().max(200), stolen: z.boolean() }),
    async ({ guarding }, words) => answer(await guarding.warden.freeze(words.name, words), shown),
  ),
  'account-thaw': row(
    z.object({ name, samePassword: z.boolean(), release: id, drop: id }),
    async ({ guarding }, words) =>
      answer(await guarding.warden.thaw(words.name, words), ({ thawed, released, dropped, held }) => ({
        ...{ thawed, released, dropped, held },
      })),
  ),
  'account-held': row(z.object({ name }), async ({ guarding }, words) =>
    answer(await guarding.warden.held(words.name), (held) => held),
  ),
  'account-frozen': row(z.object({}), async ({ guarding }) => ({
    ok: true,
    value: (await guarding.warden.frozen()).map(shown),
  })),
  'account-second-address': row(
    z.object({ name, address: z.string().max(320).nullable().optional() }),
    async ({ guarding, store }, words) => {
      const changed =
        words.address === undefined
          ? await store.account({ name: words.name })
          : await guarding.warden.secondAddress(words.name, words.address ?? undefined)
      return answer(changed, ({ settings }) => ({ address: secondAddressOf(settings) ?? null }))
    },
  ),
  'account-budget': row(
    z.object({ name, flag: points, reject: points, hour: amount, day: amount }),
    async ({ guarding }, { name: of, flag, reject, hour, day }) => {
      const limits = { ...(hour === undefined ? {} : { hour }), ...(day === undefined ? {} : { day }) }
      const set = await guarding.warden.setSending(of, { flag, reject, limits })
      if (!set.ok) return answer(set, () => null)
      return answer(await guarding.warden.standing(of), (standing) => ({
        ...standing,
        own: ownSendingOf(set.value.settings),
      }))
    },
  ),
}
