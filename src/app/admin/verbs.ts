/**
 * What the administrator can ask of the house: one row a verb, its words checked by zod, its answer plain data. The same verbs answer over the admin socket and
 * in a command that opened the store itself.
 */
import * as z from 'zod'
import { readAddress } from '../../post/accounts.ts'
import type { Account } from '../../store/store.ts'
import { storeWords } from '../server/store-words.ts'
import { appPasswordRows } from './app-passwords.ts'
import { dkimRows } from './dkim.ts'
import { firewallRows } from './firewall.ts'
import { frozenRows } from './frozen.ts'
import { purgeRows } from './purge.ts'
import { queueRows } from './queue.ts'
import { rejectedRows } from './rejected.ts'
import { reportRows } from './reports.ts'
import { type AdminDeps, type Row, row, says, told } from './row.ts'
import type { AdminAnswer, AdminRequest } from './wire.ts'

/** What is shown of an account; never its password. */
const shown = ({ name, state, quotaBytes, usedBytes, messages, createdAt }: Account) => ({
  name,
  state,
  quotaBytes,
  usedBytes,
  messages,
  createdAt: new Date(createdAt).toISOString(),
})

const name = z.string().max(320)
const states = ['alias', 'forward', 'reject', 'blackhole', 'spamtrap'] as const

const accountRows: Readonly<Record<string, Row>> = {
  'account-add': row(
    z.object({ name, password: z.string().max(1024), quotaBytes: z.number().nonnegative() }),
    async ({ accounts }, words) => {
      const added = await accounts.addAccount(words)
      return !added.ok && added.error === 'already-exists'
        ? {
            ok: false,
            says: `${words.name} is there already; \`postern account password\` changes its password, \`postern alias list\` says what leads where`,
          }
        : told(added, shown)
    },
  ),
  'account-list': row(z.object({}), async ({ store }) => told(await store.accounts(), (list) => list.map(shown))),
  'account-password': row(z.object({ name, password: z.string().max(1024) }), async ({ accounts }, words) =>
    told(await accounts.changePassword(words), shown),
  ),
  'account-quota': row(z.object({ name, quotaBytes: z.number().nonnegative() }), async ({ accounts }, words) =>
    told(await accounts.setQuota(words), shown),
  ),
  'account-remove': row(z.object({ name }), async ({ accounts }, words) =>
    told(await accounts.dropAccount(words), () => null),
  ),
}

const addressRows: Readonly<Record<string, Row>> = {
  'domain-add': row(z.object({ name }), async ({ accounts, signing, log, store }, words) => {
    const before = await store.domains()
    const isNew = !before.ok || !before.value.some((one) => one.name === words.name.toLowerCase())
    const added = await accounts.addDomain(words)
    // A key that could not be made now is made when the server tends its keys.
    const keyed = added.ok ? await signing.tendOne(words.name.toLowerCase()) : added
    if (added.ok && !keyed.ok) log.event('store-fault', { verb: 'dkim', fault: keyed.error })
    return told(added, () => ({ isNew }))
  }),
  'domain-list': row(z.object({}), async ({ store }) => told(await store.domains(), (list) => list)),
  'domain-remove': row(z.object({ name }), async ({ store }, words) => {
    const addresses = await store.addresses({ domain: words.name.toLowerCase() })
    if (addresses.ok && addresses.value.length > 0)
      return {
        ok: false,
        says: `${words.name} still has ${addresses.value.length} addresses; remove its accounts and aliases first`,
      }
    return told(await store.dropDomain({ name: words.name.toLowerCase() }), () => null)
  }),
  'alias-put': row(
    z.object({
      address: name,
      state: z.enum(states),
      targets: z.array(name).max(200).optional(),
      says: z.string().max(200).optional(),
      from: z.number().optional(),
      until: z.number().optional(),
    }),
    async ({ accounts, store }, words) => {
      const address = readAddress(words.address)
      if (address === undefined) return { ok: false, says: says('bad-address') }
      const there = await store.address({ address })
      if (there.ok && there.value?.state === 'mailbox')
        return { ok: false, says: `${address} is an account's own address; remove or rename the account first` }
      const { targets, says: text, from, until } = words
      const row = {
        address,
        state: words.state,
        ...(targets === undefined ? {} : { targets: targets.map((target) => readAddress(target) ?? target) }),
        ...(text === undefined ? {} : { says: text }),
        ...(from === undefined ? {} : { from }),
        ...(until === undefined ? {} : { until }),
      }
      return told(await accounts.putAddress(row), () => row)
    },
  ),
  'alias-list': row(z.object({ domain: name.optional() }), async ({ store }, { domain }) =>
    told(await store.addresses(domain === undefined ? {} : { domain }), (list) => list),
  ),
  'alias-remove': row(z.object({ address: name }), async ({ store }, words) => {
    const address = readAddress(words.address) ?? ''
    const there = await store.address({ address })
    if (there.ok && there.value?.state === 'mailbox')
      return { ok: false, says: `${address} is an account's own address: \`postern account remove\` takes both` }
    if (there.ok && there.value === null) return { ok: false, says: storeWords('no-such-address') }
    return told(await store.dropAddress({ address }), () => null)
  }),
}

const houseRows: Readonly<Record<string, Row>> = {
  'ban-list': row(z.object({}), async ({ jail }) => ({ ok: true, value: jail.list() })),
  'ban-set': row(z.object({ subject: name, ms: z.number().positive() }), async ({ jail }, { subject, ms }) => {
    const ban = jail.ban(subject, ms, 'set by hand')
    return ban === undefined
      ? { ok: false, says: `"${subject}" is no address, network or sender` }
      : { ok: true, value: ban }
  }),
  pardon: row(z.object({ subject: name }), async ({ jail }, { subject }) => {
    const lifted = jail.pardon(subject)
    await jail.flushed()
    return { ok: true, value: lifted }
  }),
  receipts: row(
    z.object({ since: z.number(), match: name.optional(), most: z.number().int().min(1).max(10_000) }),
    async ({ store }, { since, match, most }) =>
      told(await store.receipts({ since, most, ...(match === undefined ? {} : { match }) }), (list) => list),
  ),
  check: row(z.object({}), async ({ store }) => told(await store.check(), (findings) => findings)),
  stats: row(z.object({}), async ({ store }) => told(await store.stats(), (stats) => stats)),
}

const rows: Readonly<Record<string, Row>> = {
  ...accountRows,
  ...appPasswordRows,
  ...addressRows,
  ...houseRows,
  ...firewallRows,
  ...dkimRows,
  ...frozenRows,
  ...reportRows,
  ...queueRows,
  ...purgeRows,
  ...rejectedRows,
}

/** Never rejects for what was asked. */
export const answerAdmin = async (deps: AdminDeps, request: AdminRequest): Promise<AdminAnswer> => {
  const found = Object.hasOwn(rows, request.verb) ? rows[request.verb] : undefined
  deps.log.event('admin-request', { verb: request.verb })
  if (found === undefined) return { ok: false, says: `the server knows no ${request.verb}; is it of another version?` }
  return found.run(deps, request.words)
}
