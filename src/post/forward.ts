/**
 * Received mail that leads elsewhere: what of it goes on, with which sender, and which fields before it. RFC 5321 section 3.9.1 (aliases), RFC 8617 section 5
 * (an ARC set of ours, so that who gets it can see what we found), RFC 3461 section 5.2.7 (ORCPT). The signing, the clock and our domains are parameters.
 *
 * What was not judged clean does not go on: we would be the spammer (docs/decisions/0069). Where nobody here has a copy it is refused while its sender is
 * still there (`decideMail`), so that nothing is lost silently. A message that was sent on for the same address before is going in circles.
 */
import type { Log } from '../base/log.ts'
import type { NewQueueEntry } from '../store/store.ts'
import { ownResults } from '../verify/arc-results.ts'
import { readMessage } from '../verify/fields.ts'
import { prefixes } from './deliver.ts'
import type { Onward, PostDeps } from './deps.ts'
import type { Forward, Known, Mail } from './mail.ts'
import { writeOptions } from './queue/options.ts'
import type { PostSettings } from './settings.ts'
import type { Signing } from './signing.ts'
import { forwardSender, type Returned, returnAddress, type SrsSecrets } from './srs.ts'
import { bodyKind, domainOf, optionsFor } from './submit-entries.ts'

export type ForwardingDeps = {
  readonly secrets: SrsSecrets
  readonly seal: Signing['seal']
  /** undefined where the store does not answer. */
  readonly ownDomains: () => Promise<ReadonlySet<string> | undefined>
  readonly now: () => number
  readonly log: Log
}
export type Forwarding = {
  readonly sendOn: NonNullable<PostDeps['forward']>
  /** What an address at a domain of ours leads back to, if it is one that we made. */
  readonly returnTo: (local: string) => Returned | undefined
  /** @param sender of an envelope. @returns whose address stands behind it, where it is one that we made. */
  readonly trueSender: (sender: string) => string | undefined
}

/** Whether a message was sent on for this address before. */
const wasThere = (mail: Mail, { recipient }: Forward): boolean =>
  mail.head.deliveredTo.includes(recipient.address.text.toLowerCase())

/** @returns whether it has nowhere to go but where it was already. */
export const goesInCircles = (mail: Mail): boolean =>
  mail.takers.length === 0 && mail.forwards.length > 0 && mail.forwards.every((one) => wasThere(mail, one))

type Going = { readonly going: readonly Forward[]; readonly withheld: 'flagged' | 'loop' | undefined }

/** @returns what goes on: each address once. */
const goingOf = (settings: PostSettings, mail: Mail, verdict: 'accept' | 'flag' | 'reject'): Going => {
  const clean = verdict === 'accept' || (verdict === 'flag' && settings.forward.flagged === 'forward')
  if (!clean) return { going: [], withheld: 'flagged' }
  const byTarget = new Map<string, Forward>()
  for (const one of mail.forwards) if (!wasThere(mail, one)) byTarget.set(one.to.toLowerCase(), one)
  const going = [...byTarget.values()]
  return { going, withheld: going.length === 0 ? 'loop' : undefined }
}

const senderOf = (
  { envelope }: Mail,
  through: string,
  ours: ReadonlySet<string> | undefined,
  so: Parameters<typeof forwardSender>[2],
): string => {
  const { mailFrom } = envelope
  if (mailFrom === null) return ''
  // Our own people's domains allow this server anyway.
  if (ours?.has(mailFrom.domain) === true) return mailFrom.text
  return forwardSender(mailFrom, through, so) ?? mailFrom.text
}

/** Whether a report of failure would reach whoever sent it, and not somebody whose name was used. */
const isVouched = ({ wire }: Known): boolean => wire?.spf?.result === 'pass' || wire?.dmarc?.result === 'pass'

const arcState = (known: Known): 'none' | 'pass' | 'fail' => {
  const word = known.wire?.arc?.cv
  return word === 'pass' || word === 'fail' ? word : 'none'
}

/** What we found, as the set repeats it: of our own field alone, for others may have written under our name. */
const resultsOf = (settings: PostSettings, known: Known): readonly string[] => {
  const { fields } = readMessage(Buffer.from(`${known.authResults}\r\n`, 'latin1'))
  return ownResults(fields, settings.host)?.texts ?? ['none']
}

/** Names the address that it was sent on for; several would show each of them to the readers of the others. */
const deliveredTo = (going: readonly Forward[]): string => {
  const addresses = new Set(going.map(({ recipient }) => recipient.address.text))
  const [only = '', ...others] = addresses
  return others.length > 0 || !/^[\x21-\x7e]+$/.test(only) ? '' : `Delivered-To: ${only}\r\n`
}

/** @returns the forwarding of a house. */
export const openForwarding = (deps: ForwardingDeps): Forwarding => {
  const prefixOf = async (
    settings: PostSettings,
    mail: Mail,
    known: Known,
    going: readonly Forward[],
    flagged: boolean,
  ): Promise<string> => {
    const own = prefixes(settings, mail, known)
    const traces = deliveredTo(going) + (flagged ? own.onwardFlagged : own.onward)
    const seal = await deps.seal({
      domain: going[0]?.recipient.address.domain ?? '',
      message: mail.body,
      prefix: traces,
      cv: arcState(known),
      results: resultsOf(settings, known),
      authserv: settings.host,
    })
    return seal + traces
  }

  const sendOn: Forwarding['sendOn'] = async ({ settings, mail, known, decision }): Promise<Onward | undefined> => {
    const { going, withheld } = goingOf(settings, mail, decision.server.kind)
    const { id, envelope } = mail
    if (withheld !== undefined) {
      deps.log.event('forward-withheld', { id, session: envelope.session, why: withheld, to: mail.forwards.length })
      return undefined
    }
    const ours = await deps.ownDomains()
    const body = bodyKind(mail)
    const entries = going.map((forward): NewQueueEntry => {
      const through = forward.recipient.address.domain || settings.host
      return {
        message: id,
        account: null,
        sender: senderOf(mail, through, ours, { secrets: deps.secrets, now: deps.now() }),
        recipient: forward.to,
        domain: domainOf(forward.to),
        state: 'waiting',
        why: '',
        queuedAt: mail.at,
        nextAt: mail.at,
        expiresAt: mail.at + settings.submission.triesMs,
        options: writeOptions({
          ...optionsFor(mail, forward, body, envelope.smtpUtf8),
          ...(isVouched(known) ? {} : { notify: ['never'] as const }),
        }),
      }
    })
    deps.log.event('message-forwarded', { id, session: envelope.session, ip: envelope.ip, to: going.length })
    return { prefix: await prefixOf(settings, mail, known, going, decision.server.kind === 'flag'), entries }
  }

  const returnTo: Forwarding['returnTo'] = (local) => returnAddress(local, { secrets: deps.secrets, now: deps.now() })
  const trueSender: Forwarding['trueSender'] = (sender) => {
    const local = sender.slice(0, Math.max(0, sender.lastIndexOf('@')))
    const back = returnTo(local.startsWith('"') ? local.slice(1, -1).replaceAll(/\\(.)/gs, '$1') : local)
    return back?.kind === 'to' ? back.address : undefined
  }
  return { sendOn, returnTo, trueSender }
}
