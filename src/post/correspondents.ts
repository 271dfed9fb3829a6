/** Whom an account corresponds with: those it wrote to, and those whose mail was wanted here. Pure but for the history it is given. */
import type { AccountId } from '../base/ids.ts'
import type { SenderHistory } from './history.ts'

/** Half a message, as it fades: one that came in last month counts. */
const LEAST_WANTED = 0.4

/**
 * Whether mail of the account to this address is nothing new. Mail from an address counts only where its domain vouched for it, for anybody can write a
 * name; what was unwanted does not count at all.
 * @param address lower case.
 */
export const corresponds = async (
  history: Pick<SenderHistory, 'knows' | 'addressStanding'>,
  account: AccountId,
  address: string,
): Promise<boolean> => {
  if (await history.knows(account, address)) return true
  const standing = await history.addressStanding(address)
  return standing !== undefined && standing.wanted >= LEAST_WANTED && standing.wanted > standing.unwanted
}
