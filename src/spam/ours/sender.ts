/**
 * Data: our tests of who says to have sent it, and to whom: From, Reply-To, To; names of people and brands. Pure.
 */

import { brands, freeMail } from '../data/senders.ts'
import type { Look, Mailbox } from '../look.ts'
import { looksLike, plainName } from '../names.ts'
import type { SpamTest } from '../row.ts'

const parent = (domain: string): string => domain.split('.').slice(-2).join('.')
const under = (domain: string, owner: string): boolean => domain === owner || domain.endsWith(`.${owner}`)
const fromIs = (look: Look, test: (from: Mailbox) => boolean): boolean => {
  const from = look.from()
  return from !== undefined && from.domain !== '' && test(from)
}
const addressesIn = (text: string): readonly string[] =>
  text
    .slice(0, 8000)
    .toLowerCase()
    .match(/[^\s<>"(),;:]{1,256}@[\w.-]+/g) ?? []
const correspondents = (look: Look) => look.input.history?.correspondents ?? []
const ownDomains = (look: Look) => look.input.history?.ownDomains ?? []

export const senderTests: readonly SpamTest[] = [
  {
    name: 'FROM_MISSING',
    says: 'there is no From field with an address in it',
    score: 2.0,
    hit: (look) => (look.from()?.domain ?? '') === '',
  },
  {
    name: 'FROM_DIGITS',
    says: 'the sender’s address is mostly digits or a random mix',
    score: 0.5,
    hit: (look) =>
      fromIs(
        look,
        ({ local }) => /\d{5,}[a-z]{0,20}$|^\d{3,}|(?:\d{1,9}[a-z]{1,9}){3}/.test(local) && local.length >= 6,
      ),
  },
  {
    name: 'FROM_NAME_HIDES_ADDRESS',
    says: 'the sender’s name is written as another address than the one it comes from',
    score: 2.4,
    hit: (look) =>
      fromIs(look, ({ name, domain }) => {
        const shown = /@([\w-]+(?:\.[\w-]+)+)/.exec(name.slice(0, 300))?.[1]?.toLowerCase()
        return shown !== undefined && parent(shown) !== parent(domain)
      }),
  },
  {
    name: 'FROM_BRAND',
    says: 'the sender’s name is a well-known firm, but the address is not theirs',
    score: 2.4,
    hit: (look) =>
      fromIs(look, ({ name, domain }) => {
        if (look.has('list-id')) return false
        const words = ` ${plainName(name)} `
        return brands.some(
          ({ name: brand, domains }) =>
            words.includes(` ${brand} `) &&
            !domains.some((own) => under(domain, own) || domain.split('.').includes(own.split('.')[0] ?? '')),
        )
      }),
  },
  {
    name: 'FROM_FRIEND_NAME',
    says: 'the sender’s name is that of somebody you write to, but the address is not',
    score: 2.5,
    hit: (look) =>
      fromIs(look, ({ name, local, domain }) => {
        const shown = plainName(name)
        if (shown.length < 5 || !shown.includes(' ')) return false
        const same = correspondents(look).filter((one) => plainName(one.name) === shown)
        return same.length > 0 && !same.some((one) => one.address.toLowerCase() === `${local}@${domain}`)
      }),
  },
  {
    name: 'FROM_LOOKALIKE',
    says: 'the sender’s domain looks like that of somebody you know, or like your own, but is not',
    score: 3.5,
    hit: (look) =>
      fromIs(look, ({ domain }) => {
        const known = [
          ...ownDomains(look),
          ...correspondents(look).map((one) => one.address.slice(one.address.lastIndexOf('@') + 1).toLowerCase()),
        ]
        // ymail.com and mail.com look like gmail.com, and millions have them.
        return (
          !freeMail.has(domain) &&
          !known.some((one) => under(domain, one)) &&
          known.some((one) => looksLike(domain, one))
        )
      }),
  },
  {
    name: 'FROM_MIXED_SCRIPT',
    says: 'the sender’s name or domain mixes alphabets, as in a Latin word with a Cyrillic letter',
    score: 2.5,
    hit: (look) =>
      fromIs(look, ({ name, domain }) =>
        /\p{Script=Latin}[\p{Script=Cyrillic}\p{Script=Greek}]|[\p{Script=Cyrillic}\p{Script=Greek}]\p{Script=Latin}/u.test(
          `${name} ${domain}`,
        ),
      ),
  },
  {
    name: 'FROM_PUNYCODE',
    says: 'the sender’s domain is written in encoded letters of another alphabet',
    score: 0.8,
    hit: (look) => fromIs(look, ({ domain }) => /(?:^|\.)xn--/.test(domain)),
  },
  {
    name: 'FROM_OURS_UNPROVEN',
    says: 'it claims to come from the recipient’s own domain, without a login or a signature of it',
    score: 2.5,
    hit: (look) =>
      fromIs(look, ({ domain }) => {
        const { envelope, wire } = look.input
        if (
          envelope === undefined ||
          envelope.authenticated ||
          wire?.dmarc?.result === 'pass' ||
          wire?.spf?.result === 'pass'
        )
          return false
        return (
          !(wire?.dkim ?? []).some((one) => one.result === 'pass' && one.domain === domain) &&
          ownDomains(look).some((own) => under(domain, own))
        )
      }),
  },
  {
    name: 'FROM_TO_SAME',
    says: 'sender and recipient are the same address, but nobody logged in',
    score: 1.1,
    hit: (look) =>
      look.input.envelope?.authenticated !== true &&
      fromIs(look, ({ local, domain }) => addressesIn(look.field('to')).includes(`${local}@${domain}`)),
  },
  {
    name: 'REPLY_TO_FREEMAIL',
    says: 'answers go to a free mail address of another name than the sender’s',
    score: 2.2,
    hit: (look) => {
      const reply = look.replyTo()
      return (
        reply !== undefined &&
        freeMail.has(reply.domain) &&
        fromIs(look, ({ local, domain }) => `${local}@${domain}` !== `${reply.local}@${reply.domain}`)
      )
    },
  },
  {
    name: 'REPLY_TO_ELSEWHERE',
    says: 'answers go to another domain than the sender’s',
    score: 0.6,
    hit: (look) => {
      const reply = look.replyTo()
      if (
        reply === undefined ||
        reply.domain === '' ||
        look.has('list-id') ||
        look.has('list-post') ||
        look.has('mailing-list')
      )
        return false
      return !freeMail.has(reply.domain) && fromIs(look, ({ domain }) => parent(domain) !== parent(reply.domain))
    },
  },
  {
    name: 'TO_NOBODY',
    says: 'the To field names no address',
    score: 1.0,
    hit: (look) => look.has('to') && !look.has('cc') && !look.field('to').includes('@'),
  },
  {
    name: 'TO_SORTED',
    says: 'it is addressed to many people in a row of the alphabet or of one domain',
    score: 1.6,
    hit: (look) => {
      const locals = addressesIn(`${look.field('to')},${look.field('cc')}`)
      if (locals.length < 6) return false
      return locals.every((one, i) => i === 0 || (locals[i - 1] ?? '') <= one)
    },
  },
  {
    name: 'FROM_KNOWN',
    says: 'somebody here has written to this sender, and the sender’s domain vouches for the message',
    score: -3.0,
    hit: ({ input }) =>
      input.history?.knownCorrespondent === true &&
      (input.wire?.dmarc?.result === 'pass' ||
        input.wire?.spf?.result === 'pass' ||
        (input.wire?.dkim ?? []).some((one) => one.result === 'pass')),
  },
  {
    name: 'FROM_KNOWN_UNPROVEN',
    says: 'somebody here has written to this sender, but nothing proves that it is the same',
    score: -0.8,
    hit: ({ input }) =>
      input.history?.knownCorrespondent === true &&
      !(
        input.wire?.dmarc?.result === 'pass' ||
        input.wire?.spf?.result === 'pass' ||
        (input.wire?.dkim ?? []).some((one) => one.result === 'pass')
      ),
  },
  {
    name: 'FROM_FIRST_TIME',
    says: 'the first message from this sender',
    score: 0.3,
    hit: ({ input }) => input.history?.firstTimeSender === true && input.history.knownCorrespondent === false,
  },
  {
    name: 'SENDER_HISTORY',
    says: 'what this sender sent before was mostly unwanted (or, below zero, wanted)',
    score: 0.8,
    hit: ({ input }) => input.history?.senderScore ?? 0,
  },
  {
    name: 'NETWORK_HISTORY',
    says: 'what this network sent before was mostly unwanted (or, below zero, wanted)',
    score: 0.4,
    hit: ({ input }) => input.history?.networkScore ?? 0,
  },
]
