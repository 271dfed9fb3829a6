/**
 * Data: what the registered enhanced codes (RFC 3463, RFC 5248 and its registry) and the bare reply codes (RFC 5321 section 4.2.3, RFC 4954,
 * RFC 7504) say of a refusal, each without its first digit. `vague` ones say so little that words come first.
 */
import { type Meaning, meanings as m } from './replies.ts'
import type { Stage } from './said.ts'

type StatusRow = { readonly is: Meaning; readonly vague?: true }
const vague = (is: Meaning): StatusRow => ({ is, vague: true })

/** By `subject.detail`. RFC 3463 section 3 unless another source stands beside the row. */
export const statusRows: Readonly<Record<string, StatusRow>> = {
  '0.0': vague(m.other),
  '1.0': vague(m.unknownUser),
  '1.1': { is: m.unknownUser },
  '1.2': { is: m.noSuchDomain },
  '1.3': { is: m.unknownUser },
  '1.4': { is: m.unknownUser },
  '1.5': vague(m.other),
  '1.6': { is: m.moved },
  '1.7': { is: m.senderAddress },
  '1.8': { is: m.senderAddress },
  '1.9': vague(m.other), // RFC 3886
  '1.10': { is: m.noMail }, // RFC 7505
  '2.0': vague(m.unknownUser),
  '2.1': vague(m.disabled),
  '2.2': { is: m.full },
  '2.3': { is: m.tooLarge },
  '2.4': vague(m.trouble),
  '3.0': vague(m.trouble),
  '3.1': { is: m.trouble },
  '3.2': vague(m.trouble),
  '3.3': vague(m.content),
  '3.4': { is: m.tooLarge },
  '3.5': vague(m.trouble),
  '3.6': vague(m.content), // RFC 6710
  '4.0': vague(m.connection),
  '4.1': vague(m.connection),
  '4.2': vague(m.connection),
  '4.3': vague(m.dnsTrouble),
  '4.4': vague(m.noSuchDomain),
  '4.5': vague(m.trouble),
  '4.6': { is: m.loop },
  '4.7': { is: m.expired },
  '5.0': vague(m.other),
  '5.1': vague(m.other),
  '5.2': vague(m.other),
  '5.3': { is: m.recipients },
  '5.4': vague(m.other),
  '5.5': vague(m.other),
  '5.6': vague(m.other), // RFC 4954
  '5.7': vague(m.other),
  '6.0': vague(m.content),
  '6.1': { is: m.content },
  '6.2': { is: m.content },
  '6.3': { is: m.content },
  '6.4': { is: m.content },
  '6.5': { is: m.content },
  '6.6': { is: m.content }, // RFC 4468
  '6.7': { is: m.international }, // RFC 6531
  '6.8': { is: m.international },
  '6.9': { is: m.international },
  '6.10': { is: m.international },
  '7.0': vague(m.policy),
  '7.1': vague(m.policy),
  '7.2': { is: m.membersOnly },
  '7.3': vague(m.policy),
  '7.4': { is: m.tls },
  '7.5': { is: m.tls },
  '7.6': { is: m.tls },
  '7.7': { is: m.content },
  '7.8': { is: m.loginWanted }, // RFC 4954
  '7.9': vague(m.authentication), // RFC 4954; Yahoo and others say it of DMARC
  '7.10': { is: m.tls }, // RFC 5248 registry
  '7.11': { is: m.tls }, // RFC 4954
  '7.12': { is: m.loginWanted }, // RFC 4954
  '7.13': { is: m.disabled }, // RFC 5248 registry
  '7.14': { is: m.loginWanted },
  '7.15': { is: m.policy }, // RFC 6710
  '7.16': { is: m.tooLarge }, // RFC 6710
  '7.17': { is: m.moved }, // RFC 7293
  '7.18': { is: m.moved }, // RFC 7293
  '7.19': { is: m.policy }, // RFC 7293
  '7.20': { is: m.dkim }, // RFC 7372
  '7.21': { is: m.dkim }, // RFC 7372
  '7.22': { is: m.dkim }, // RFC 7372
  '7.23': { is: m.spf }, // RFC 7372
  '7.24': { is: m.spf }, // RFC 7372
  '7.25': { is: m.reverseName }, // RFC 7372
  '7.26': { is: m.authentication }, // RFC 7372
  '7.27': { is: m.senderAddress }, // RFC 7505
  '7.28': { is: m.rate }, // the registry: mail flood detected
  '7.29': { is: m.authentication }, // RFC 8617
  '7.30': { is: m.requireTls }, // RFC 8689
}

type CodeRow = { readonly code: number; readonly stage?: readonly Stage[]; readonly is: Meaning }
/** In order; the last ones fit every code of their digit. */
export const codeRows: readonly CodeRow[] = [
  { code: 421, stage: ['greeting'], is: m.connections },
  { code: 421, is: m.trouble },
  { code: 450, stage: ['rcpt'], is: m.trouble },
  { code: 451, is: m.trouble },
  { code: 452, stage: ['rcpt'], is: m.recipients },
  { code: 452, is: m.trouble },
  { code: 454, is: m.tls },
  { code: 521, is: m.noMail },
  { code: 530, is: m.loginWanted },
  { code: 535, is: m.loginWanted },
  { code: 538, is: m.tls },
  { code: 523, is: m.tooLarge },
  { code: 541, is: m.spamLike },
  { code: 550, stage: ['rcpt'], is: m.unknownUser },
  { code: 550, stage: ['mail'], is: m.policy },
  { code: 550, stage: ['data', 'message'], is: m.policy },
  { code: 551, is: m.moved },
  { code: 552, stage: ['rcpt'], is: m.full },
  { code: 552, is: m.tooLarge },
  { code: 553, stage: ['rcpt'], is: m.unknownUser },
  { code: 553, stage: ['mail'], is: m.senderAddress },
  { code: 554, stage: ['greeting'], is: m.reputation },
  { code: 554, is: m.policy },
  { code: 555, is: m.other },
  { code: 556, is: m.noMail },
  { code: 571, is: m.policy },
]
