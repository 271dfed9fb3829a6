/** What the administrator can ask of the queue: listed, shown, held, released, retried, dropped, and where mail for a domain would go. */
import * as z from 'zod'
import { accountName } from '../../post/login.ts'
import type { Choice } from '../../post/queue/desk.ts'
import { readLast, readOptions } from '../../post/queue/options.ts'
import type { QueueEntry } from '../../store/store.ts'
import { type AdminDeps, type Row, row, says } from './row.ts'
import type { AdminAnswer } from './wire.ts'

const name = z.string().max(320)
const choice = z.object({
  ids: z.array(z.number().int().positive()).max(10_000).optional(),
  domain: name.optional(),
  account: name.optional(),
  state: z.enum(['waiting', 'held']).optional(),
})
type Words = z.output<typeof choice>

const shown = (entry: QueueEntry, accounts: ReadonlyMap<number, string>) => {
  const { id, message, sender, recipient, state, why, queuedAt, nextAt, expiresAt, tries, size } = entry
  const last = readLast(entry.last)
  return {
    ...{ id, message, sender, recipient, state, why, queuedAt, nextAt, expiresAt, tries, size },
    ...(entry.account === null ? {} : { account: accounts.get(entry.account) ?? `(removed, ${entry.account})` }),
    subject: readOptions(entry.options).subject,
    ...(last === undefined ? {} : { last }),
  }
}

const namesOf = async ({ store }: AdminDeps): Promise<ReadonlyMap<number, string>> => {
  const list = await store.accounts()
  return new Map(list.ok ? list.value.map((one) => [one.id, one.name]) : [])
}

/** Reads the choice: an account by its name. */
const withChoice = async (
  deps: AdminDeps,
  { ids, domain, account, state }: Words,
  run: (chosen: Choice) => Promise<AdminAnswer>,
): Promise<AdminAnswer> => {
  const found = account === undefined ? undefined : await deps.store.account({ name: accountName(account) })
  if (found?.ok === false) return { ok: false, says: says(found.error) }
  return run({
    ...(ids === undefined ? {} : { ids }),
    ...(domain === undefined ? {} : { domain: domain.toLowerCase() }),
    ...(found === undefined ? {} : { account: found.value.id }),
    ...(state === undefined ? {} : { state }),
  })
}

export const queueRows: Readonly<Record<string, Row>> = {
  'queue-list': row(choice.extend({ most: z.number().int().min(1).max(100_000) }), (deps, words) =>
    withChoice(deps, words, async (chosen) => {
      const list = await deps.sending.desk.list(chosen, words.most)
      const names = await namesOf(deps)
      return list.ok
        ? { ok: true, value: list.value.map((entry) => shown(entry, names)) }
        : { ok: false, says: says(list.error) }
    }),
  ),
  'queue-show': row(z.object({ id: z.number().int().positive() }), async (deps, { id }) => {
    const found = await deps.sending.desk.show(id)
    if (!found.ok && found.error === 'no-such-message')
      return { ok: false, says: `nothing in the queue has the number ${id}: it has left, or was dropped` }
    if (!found.ok) return { ok: false, says: says(found.error) }
    const { entry, head } = found.value
    return { ok: true, value: { ...shown(entry, await namesOf(deps)), head } }
  }),
  'queue-change': row(
    choice.extend({ act: z.enum(['hold', 'release', 'retry', 'drop']), bounce: z.boolean().optional() }),
    (deps, words) =>
      withChoice(deps, words, async (chosen) => {
        const { act, bounce = false } = words
        const done = await deps.sending.desk.change(chosen, act, bounce)
        if (!done.ok) return { ok: false, says: says(done.error) }
        deps.log.event('send-changed', { act, count: done.value, domain: words.domain, account: words.account })
        return { ok: true, value: { act, count: done.value } }
      }),
  ),
  'queue-route': row(z.object({ domain: name, sender: name.optional() }), async (deps, { domain, sender = '' }) => {
    const way = await deps.sending.desk.route(domain.toLowerCase(), sender)
    return way === undefined
      ? { ok: false, says: 'no server runs here; start it, it knows its relays, its resolver and what failed lately' }
      : { ok: true, value: way }
  }),
}
