/** NOTIFY=SUCCESS for recipients who are here: the sender is told that their copy was delivered. RFC 3461 section 5.2.1, RFC 3464. */
import { writeBounce } from './bounce/write.ts'
import type { OfficeDeps } from './deps.ts'
import { MOST_HEAD } from './head.ts'
import type { PostSettings } from './settings.ts'
import type { Draft } from './submit-draft.ts'

/** A notice that cannot be stored is logged: the message itself was delivered. */
export const tellDelivered = async (deps: OfficeDeps, settings: PostSettings, draft: Draft): Promise<void> => {
  const { mail, account, local } = draft
  const wanted = local.filter(({ notify }) => notify.includes('success'))
  const to = mail.envelope.mailFrom?.text
  if (wanted.length === 0 || to === undefined) return
  const octets =
    'bytes' in mail.body ? mail.body.bytes : ((await deps.files?.head(mail.body.file, MOST_HEAD)) ?? new Uint8Array(0))
  const end = Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength).indexOf('\r\n\r\n')
  const { envid } = mail.envelope
  const message = writeBounce({
    ...{ kind: 'delivered', host: settings.host, id: mail.id, at: deps.now(), to, arrivedAt: mail.at },
    ...(envid === undefined ? {} : { envid }),
    recipients: wanted.map(({ address, orcpt }) => ({
      ...{ recipient: address.text, tries: 1 },
      ...(orcpt === undefined ? {} : { orcpt }),
    })),
    original: octets.subarray(0, end < 0 ? Math.min(octets.length, MOST_HEAD) : end + 2),
    ...{ full: false, smtpUtf8: draft.utf8 },
  })
  const stored = await deps.store.deliver({
    body: { bytes: message },
    places: [
      {
        ...{ account: account.id, mailbox: { name: 'INBOX' }, flags: [], prefix: 'Return-Path: <>\r\n' },
        ...{ internalDate: deps.now(), enforceQuota: false },
      },
    ],
    now: deps.now(),
  })
  const fault = stored.ok ? stored.value.find((one) => !one.ok) : stored
  if (fault?.ok === false) deps.log.event('store-fault', { verb: 'deliver', fault: fault.error, message: mail.id })
}
