/**
 * Whose addresses are whose: an account sends as the addresses that lead to it. RFC 6409 section 6.1 (enforced submission rights). Pure but for the
 * look-ups it is given.
 */
import type { Account } from '../store/store.ts'
import { type RouteLookups, route } from './route.ts'

/**
 * Its own name; each address that leads to its mailbox alone, with any detail behind a plus, a catch-all too; and with `shared` each
 * alias that it is one of the members of.
 * @param address the domain in lower-case A-labels. @returns undefined where the store cannot tell.
 */
export const maySendAs = async (
  account: Account,
  address: { readonly local: string; readonly domain: string },
  lookups: RouteLookups,
  shared: boolean,
): Promise<boolean | undefined> => {
  if (`${address.local.toLowerCase()}@${address.domain}` === account.name) return true
  const where = await route(address.local, address.domain, lookups)
  if (where.kind === 'unavailable') return undefined
  if (where.kind !== 'deliver' || !where.to.some((one) => one.account === account.id)) return false
  return shared || (where.to.length === 1 && where.forwards.length === 0)
}

/** @returns what the sender of a refused address is told. */
export const notYours = (address: string, account: Account): string =>
  `${address === '' ? 'The null sender' : address} is not an address of ${account.name}: send as one of yours, or ask your administrator for an alias`
