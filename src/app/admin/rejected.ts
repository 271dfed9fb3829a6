/** What the administrator can ask of refused mail: what there was, and to let a message go to whom it was for. */
import * as z from 'zod'
import { fail, ok, type Result } from '../../base/result.ts'
import { isNote, REJECTED, refusalIn } from '../../post/rejected.ts'
import type { Mailbox, StoreFault } from '../../store/store.ts'
import { type AdminDeps, type Row, row, told } from './row.ts'

const MOST = 1_000
const PAGE = 200
const PAGE_OCTETS = 1_048_576
const EVERY: readonly [number, number] = [1, 4_294_967_295]

type Shown = { readonly uid: number; readonly isNote: boolean }

/** The message of a refusal in a mailbox, if it is still there. */
const shownIn = async (
  { store }: Pick<AdminDeps, 'store'>,
  mailbox: Mailbox,
  id: string,
): Promise<Result<Shown | undefined, StoreFault>> => {
  for (let from = EVERY[0]; ; ) {
    const uids = [[from, EVERY[1]] as const]
    const page = await store.messages({ mailbox: mailbox.id, uids, want: {}, most: PAGE, mostBytes: PAGE_OCTETS })
    if (!page.ok) return page
    const found = page.value.rows.find(({ prefix }) => refusalIn(prefix) === id)
    if (found !== undefined) return ok({ uid: found.uid, isNote: isNote(found.prefix) })
    const last = page.value.rows.at(-1)
    if (last === undefined) return ok(undefined)
    from = last.uid + 1
  }
}

type Released = { readonly account: string; readonly whole: boolean }

/** Moves what shows the refusal to each INBOX, as its owner could; the teacher hears of it. */
const release = async (deps: AdminDeps, id: string): Promise<Result<readonly Released[], StoreFault>> => {
  const accounts = await deps.store.accounts()
  if (!accounts.ok) return accounts
  const released: Released[] = []
  for (const account of accounts.value) {
    const mailboxes = await deps.store.mailboxes({ account: account.id })
    if (!mailboxes.ok) return mailboxes
    const rejected = mailboxes.value.find(({ name }) => name === REJECTED)
    const inbox = mailboxes.value.find(({ name }) => name === 'INBOX')
    if (rejected === undefined || inbox === undefined) continue
    const shown = await shownIn(deps, rejected, id)
    if (!shown.ok) return shown
    if (shown.value === undefined) continue
    const { uid } = shown.value
    const moved = await deps.store.copy({
      ...{ from: rejected.id, uids: [[uid, uid]], to: inbox.id },
      ...{ now: deps.now(), move: true },
    })
    if (!moved.ok) return fail(moved.error)
    deps.teacher?.moved({ account: account.id, from: rejected.id, to: inbox.id, newUids: moved.value.to })
    released.push({ account: account.name, whole: !shown.value.isNote })
  }
  return ok(released)
}

export const rejectedRows: Readonly<Record<string, Row>> = {
  'rejected-list': row(
    z.object({ since: z.number(), match: z.string().max(320).optional() }),
    async ({ store }, { since, match }) =>
      told(
        await store.receipts({ since, verdict: 'reject', most: MOST, ...(match === undefined ? {} : { match }) }),
        (list) => list,
      ),
  ),
  'rejected-release': row(z.object({ id: z.string().max(64) }), async (deps, { id }) => {
    const released = await release(deps, id)
    return released.ok && released.value.length === 0
      ? {
          ok: false,
          says: `nothing shows a refused message ${id} any more; \`postern rejected list\` has them, and [keep] rejected says for how long`,
        }
      : told(released, (list) => list)
  }),
}
