/**
 * The receipt of a message: who brought it, what was found, in the order it was found, what was decided and why, and where it went. It is what
 * `postern why` prints and the dashboard counts. Pure.
 */
import type { ScanOutput } from '../spam/facts.ts'
import type { Receipt } from '../store/store.ts'
import type { Onward } from './deps.ts'
import type { Decision, Known, Mail } from './mail.ts'
import type { PostSettings } from './settings.ts'

const MOST_HITS = 100

/** The JSON of `Receipt.story`, version 1. */
export type Story = {
  readonly v: 1
  readonly id: string
  readonly peer: {
    readonly ip: string
    readonly helo: string
    readonly reverse?: string | undefined
    readonly iprev?: string | undefined
    readonly tls?: string | undefined
  }
  readonly lists: readonly string[]
  readonly auth: {
    readonly spf?: string | undefined
    readonly dkim?: readonly string[] | undefined
    readonly dmarc?: string | undefined
    readonly policy?: string | undefined
    readonly vouched?: string | undefined
  }
  readonly trust: {
    readonly host: boolean
    readonly network: boolean
    readonly domain: boolean
    readonly address: boolean
    readonly forwarder: boolean
  }
  readonly scan: string
  readonly hits: readonly (readonly [name: string, score: number, says: string])[]
  readonly verdict: string
  readonly reasons: readonly string[]
  /** One for each account, in the order of the receipt's recipients' accounts. */
  readonly places: readonly (readonly [account: string, verdict: string, folder: string])[]
  /** Of mail that leads elsewhere: to whom it goes on; empty where it does not. */
  readonly onward?: readonly string[]
  /** Of a submission: who sent it, and what of it left or waits. */
  readonly sent?: {
    readonly account: string
    readonly to: readonly (readonly [recipient: string, state: string, why: string])[]
  }
}

/** @returns the tests that fired, as a story tells them. */
export const hitsOf = (output: ScanOutput | undefined): Story['hits'] =>
  (output?.hits ?? []).slice(0, MOST_HITS).map(({ name, score, says }) => [name, score, says])

/** @returns the story as far as it went; `known` is missing where the message was refused before anything was looked up. */
export const tell = (
  mail: Mail,
  known: Known | undefined,
  decision: Decision | undefined,
  folders: readonly string[],
  onward?: Onward,
): Story => ({
  v: 1,
  id: mail.id,
  peer: {
    ip: mail.envelope.ip,
    helo: mail.envelope.helo,
    reverse: known?.facts.iprev?.name,
    iprev: known?.facts.iprev?.result,
    tls: mail.envelope.tls?.version,
  },
  lists: (known?.facts.dnsbl ?? []).map(({ zone }) => zone),
  auth: {
    spf: known?.wire?.spf?.result,
    dkim: known?.wire?.dkim?.map(({ result, domain }) => `${domain ?? '?'}=${result}`),
    dmarc: known?.wire?.dmarc?.result,
    policy: known?.wire?.dmarc?.policy,
    vouched: known?.sender.domain,
  },
  trust: {
    host: known?.hostTrusted ?? false,
    network: known?.networkTrusted ?? false,
    domain: known?.sender.domainTrusted ?? false,
    address: known?.sender.addressTrusted ?? false,
    forwarder: known?.trustedForwarder ?? false,
  },
  scan: known?.scan ?? 'skipped',
  hits: hitsOf(known?.output),
  verdict: decision?.answer.kind ?? 'reject',
  reasons: decision?.answer.reasons ?? [],
  places: mail.takers.map(({ account }, index) => [
    account.name,
    decision?.verdicts[index]?.kind ?? 'reject',
    folders[index] ?? '',
  ]),
  ...(mail.forwards.length === 0 ? {} : { onward: (onward?.entries ?? []).map(({ recipient }) => recipient) }),
})

/** @returns the row that is kept. */
export const receiptOf = (
  settings: PostSettings,
  mail: Mail,
  verdict: Receipt['verdict'],
  score: number,
  story: Story,
): Receipt => ({
  at: mail.at,
  keepUntil: mail.at + settings.keepReceiptsMs,
  session: mail.envelope.session,
  ip: mail.envelope.ip,
  helo: mail.envelope.helo,
  mailFrom: mail.envelope.mailFrom?.text ?? '',
  recipients: mail.envelope.recipients.map(({ address }) => address.text),
  messageId: mail.head.messageId,
  subject: mail.head.subject,
  fromHeader: mail.head.from,
  size: mail.body.size,
  verdict,
  score,
  story: JSON.stringify(story),
})
