/**
 * One transaction, before anything is sent: which lines announce it, in which form its content goes, and what cannot be handed to this server at all. RFC 1870 (SIZE known beforehand), 6152
 * (8BITMIME), 3030 (BINARYMIME needs BDAT), 6531 (SMTPUTF8), 3461 (DSN), 8689 (REQUIRETLS). Pure.
 */
import { isAscii } from 'node:buffer'
import type { Said } from '../../post/bounce/said.ts'
import type { Parcel } from '../../post/queue/courier.ts'
import { ours } from '../../post/queue/said.ts'
import { writeContent, writeMail, writeRcpt } from '../../wire/smtp/writer.ts'

export type Server = {
  readonly host: string
  readonly offers: ReadonlyMap<string, string>
  /** The connection is encrypted. */
  readonly isTls: boolean
}
/** The envelope's lines, and the content: whole and stuffed for DATA, or (undefined) to be sent piece by piece or as a chunk. */
export type Plan = {
  readonly mail: string
  readonly rcpts: readonly string[]
  readonly chunk: boolean
  readonly content: Uint8Array | undefined
  readonly dsn: boolean
}

/** Where the header ends, or where we stop to look. */
const headOf = (content: Uint8Array): Uint8Array => {
  const end = Buffer.from(content.buffer, content.byteOffset, content.byteLength).indexOf('\r\n\r\n')
  return end < 0 ? content : content.subarray(0, end)
}

/** Whether the message needs SMTPUTF8: an address does, or its header does; a client's word alone is not enough to bounce it. */
const needsUtf8 = ({ sender, recipients, options, content }: Parcel): boolean => {
  if (![sender, ...recipients.map(({ address }) => address)].every((text) => /^[\x00-\x7f]*$/.test(text))) return true
  return options.smtpUtf8 && (typeof content === 'function' || !isAscii(headOf(content)))
}

/** What cannot be sent to this server, however often it is tried; undefined where all is well. */
const unfit = (parcel: Parcel, { host, offers, isTls }: Server, utf8: boolean, eight: boolean): Said | undefined => {
  const limit = Number(offers.get('SIZE') ?? 0)
  const { options, size } = parcel
  if (limit > 0 && size > limit)
    return ours('5.3.4', 'mail', `the message has ${size} octets, and the server takes at most ${limit}`, host)
  if (utf8 && !offers.has('SMTPUTF8'))
    return ours(
      '5.6.7',
      'mail',
      'an address or the header is not in ASCII, and the server does not know SMTPUTF8',
      host,
    )
  if (options.requireTls && !(isTls && offers.has('REQUIRETLS')))
    return ours(
      '5.7.30',
      'policy',
      'the message must be encrypted all the way (REQUIRETLS), and the server does not promise it',
      host,
    )
  if (options.body === 'binarymime' && !(offers.has('BINARYMIME') && offers.has('CHUNKING')))
    return ours('5.6.1', 'mail', 'the message is binary (BINARYMIME), and the server takes only lines of text', host)
  if (eight && !offers.has('8BITMIME'))
    return ours(
      '5.6.3',
      'mail',
      'the message has octets over 127, and the server takes only 7 bits (no 8BITMIME)',
      host,
    )
  return undefined
}

/** @returns how a parcel goes to a server, or why it never will. */
export const planOf = (parcel: Parcel, server: Server): Plan | Said => {
  const { options, content, recipients } = parcel
  const utf8 = needsUtf8(parcel)
  const eight = typeof content === 'function' ? options.body !== '7bit' : !isAscii(content)
  const problem = unfit(parcel, server, utf8, eight && options.body !== 'binarymime')
  if (problem !== undefined) return problem
  const { offers } = server
  const chunk = options.body === 'binarymime'
  const whole = chunk || typeof content === 'function' ? undefined : writeContent(content)
  if (whole?.ok === false)
    return ours(
      '5.6.0',
      'message',
      'the message has a line end that is not CRLF: it would not arrive as it is',
      server.host,
    )
  const dsn = offers.has('DSN')
  return {
    mail: writeMail({
      from: parcel.sender,
      ...(offers.has('SIZE') ? { size: parcel.size } : {}),
      ...(chunk ? { body: 'binarymime' } : eight ? { body: '8bitmime' } : {}),
      ...(utf8 ? { smtpUtf8: true } : {}),
      ...(options.requireTls ? { requireTls: true } : {}),
      ...(dsn && options.ret !== undefined ? { ret: options.ret } : {}),
      ...(dsn && options.envid !== undefined ? { envid: options.envid } : {}),
    }),
    rcpts: recipients.map(({ address, notify, orcpt }) =>
      writeRcpt(dsn ? { to: address, notify, ...(orcpt === undefined ? {} : { orcpt }) } : { to: address }),
    ),
    ...{ chunk, content: whole?.value, dsn },
  }
}
