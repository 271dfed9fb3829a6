/**
 * What other mail servers tell of an envelope, read, and what they are told of a verdict, in the words that rspamd's clients know. Pure.
 */
import type { Consulted } from '../post/consult.ts'
import type { EnvelopeAddress } from '../post/ports.ts'
import { readPath } from '../wire/smtp/address.ts'

/** @param text `<local@domain>` or without brackets, as the other server wrote it. @returns null for the null sender and for what is no address. */
export const addressOf = (text: string | undefined): EnvelopeAddress | null => {
  const read = readPath((text ?? '').trim())
  return read.ok ? read.value.path.address : null
}

/** @returns those that are addresses. */
export const addressesOf = (texts: readonly string[]): readonly EnvelopeAddress[] =>
  texts.flatMap((text) => addressOf(text) ?? [])

/** What rspamd calls a verdict. */
export const actionOf = ({
  verdict,
}: Pick<Extract<Consulted, { kind: 'judged' }>, 'verdict'>): 'no action' | 'add header' | 'reject' =>
  verdict.kind === 'reject' ? 'reject' : verdict.kind === 'flag' ? 'add header' : 'no action'
