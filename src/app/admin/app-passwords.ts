/** What the administrator can ask of app passwords: made, listed, revoked, and whether programs need one. */
import * as z from 'zod'
import { programChoices, withSetting } from '../../post/account-settings.ts'
import { type AppPassword, type AppPasswordFault, appPasswordWords, appScopes } from '../../post/app-passwords.ts'
import { accountName } from '../../post/login.ts'
import type { Account } from '../../store/store.ts'
import { type AdminDeps, type Row, row, says } from './row.ts'
import type { AdminAnswer } from './wire.ts'

const name = z.string().max(320)

const words = (fault: AppPasswordFault): string =>
  fault === 'no-name' ||
  fault === 'name-taken' ||
  fault === 'too-many-app-passwords' ||
  fault === 'no-such-app-password'
    ? appPasswordWords[fault]
    : says(fault)
const wrong = (fault: AppPasswordFault): AdminAnswer => ({ ok: false, says: words(fault) })

const shown = ({ id, name: label, scopes, createdAt, used }: AppPassword) => ({
  id,
  name: label,
  scopes,
  createdAt: new Date(createdAt).toISOString(),
  ...(used === undefined ? {} : { usedAt: new Date(used.at).toISOString(), usedFrom: used.ip }),
})

const withAccount = async (
  { store }: AdminDeps,
  account: string,
  run: (account: Account) => Promise<AdminAnswer>,
): Promise<AdminAnswer> => {
  const found = await store.account({ name: accountName(account) })
  return found.ok ? run(found.value) : wrong(found.error)
}

const revoke = async (
  { appPasswords, cutAccount }: AdminDeps,
  { id }: Account,
  which: string | undefined,
): Promise<AdminAnswer> => {
  if (which === undefined) {
    const had = await appPasswords.list(id)
    const gone = await appPasswords.revokeAll(id)
    if (!had.ok || !gone.ok) return wrong(had.ok ? (gone.ok ? 'busy' : gone.error) : had.error)
    const sessions = had.value.reduce((sum, one) => sum + cutAccount(id, one.id), 0)
    return { ok: true, value: { names: had.value.map((one) => one.name), sessions } }
  }
  const gone = await appPasswords.revoke(id, which)
  if (!gone.ok) return wrong(gone.error)
  return { ok: true, value: { names: [gone.value.name], sessions: cutAccount(id, gone.value.id) } }
}

export const appPasswordRows: Readonly<Record<string, Row>> = {
  'app-password-add': row(
    z.object({ account: name, label: z.string().max(200), scopes: z.array(z.enum(appScopes)).min(1) }),
    (deps, { account, label, scopes }) =>
      withAccount(deps, account, async ({ id }) => {
        const added = await deps.appPasswords.add({ account: id, name: label, scopes })
        if (!added.ok) return wrong(added.error)
        const { made, password } = added.value
        return { ok: true, value: { ...shown(made), password } }
      }),
  ),
  'app-password-list': row(z.object({ account: name }), (deps, { account }) =>
    withAccount(deps, account, async ({ id }) => {
      const list = await deps.appPasswords.list(id)
      return list.ok ? { ok: true, value: list.value.map(shown) } : wrong(list.error)
    }),
  ),
  'app-password-revoke': row(z.object({ account: name, which: name.optional() }), (deps, { account, which }) =>
    withAccount(deps, account, (found) => revoke(deps, found, which)),
  ),
  'account-programs': row(
    z.object({ account: name, programs: z.enum(programChoices) }),
    (deps, { account, programs }) =>
      withAccount(deps, account, async ({ id, settings }) => {
        const changed = await deps.store.changeAccount({ id, settings: withSetting(settings, ['programs'], programs) })
        return changed.ok ? { ok: true, value: { programs } } : wrong(changed.error)
      }),
  ),
}
