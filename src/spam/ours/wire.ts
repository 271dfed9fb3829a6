/**
 * Data: our tests of what the network says: reverse names, HELO, blocklists, SPF, DKIM, DMARC, ARC. RFC 5321 section 4.1.4 (HELO),
 * RFC 8601 section 2.7 (the outcome words). Nothing fires where nothing was asked: a look-up that failed is no evidence. Pure.
 */
import type { Look } from '../look.ts'
import { isPrivate } from '../relay.ts'
import type { SpamTest } from '../row.ts'

/** A name that holds most of its address, or says that it is a line to a home. */
const isGeneric = (name: string, ip: string): boolean => {
  if (
    /(?:^|[.-])(?:adsl|a?dsl\d*|dhcp\d*|dyn(?:amic)?|dial(?:up|in)?|ppp\d*|cable|cust(?:omers?)?|pool|client|host-?\d+|broadband|res(?:idential)?|modem|user)[.\d-]/.test(
      name,
    )
  )
    return true
  const octets = ip.split('.')
  if (octets.length !== 4) return false
  const numbers = name.split(/\D+/)
  return (
    octets.slice(1).filter((octet) => numbers.includes(octet) || numbers.includes(octet.padStart(3, '0'))).length >= 3
  )
}

const relayHas = (look: Look, test: (relay: { ip: string; helo: string; reverse: string }) => boolean): boolean => {
  const relay = look.relay()
  return relay !== undefined && look.input.envelope?.authenticated !== true && !isPrivate(relay.ip) && test(relay)
}
const spf = ({ input }: Look): string => input.wire?.spf?.result ?? ''
const dkimPasses = ({ input }: Look): boolean => (input.wire?.dkim ?? []).some((one) => one.result === 'pass')
const dmarcFails = ({ input }: Look, policy: string): boolean =>
  input.wire?.dmarc?.result === 'fail' && (input.wire.dmarc.policy ?? 'none') === policy

export const wireTests: readonly SpamTest[] = [
  {
    name: 'RDNS_MISSING',
    says: 'the sending host has no reverse name that leads back to it',
    score: 1.8,
    hit: ({ input }) =>
      input.envelope?.authenticated !== true && ['fail', 'permerror', 'none'].includes(input.wire?.iprev?.result ?? ''),
  },
  {
    name: 'RDNS_HOME',
    says: 'the sending host’s name is that of a home line, not of a mail server',
    score: 1.8,
    hit: (look) => relayHas(look, ({ ip, reverse }) => reverse !== '' && isGeneric(reverse, ip)),
  },
  {
    name: 'HELO_ADDRESS',
    says: 'the sending host greeted with a bare address instead of a name',
    score: 1.2,
    hit: (look) => relayHas(look, ({ helo }) => /^\[?(?:\d{1,3}\.){3}\d{1,3}\]?$/.test(helo)),
  },
  {
    name: 'HELO_NO_DOMAIN',
    says: 'the sending host greeted with a word that is no full name',
    score: 1.2,
    hit: (look) => relayHas(look, ({ helo }) => helo !== '' && !helo.includes('.') && !helo.includes(':')),
  },
  {
    name: 'HELO_OURS',
    says: 'the sending host greeted with the recipient’s own domain',
    score: 3.0,
    hit: (look) =>
      relayHas(look, ({ helo }) => (look.input.history?.ownDomains ?? []).some((own) => helo.toLowerCase() === own)),
  },
  {
    name: 'HELO_BORROWED',
    says: 'the sending host greeted with the name of a large provider, but its own name is another',
    score: 2.0,
    hit: (look) =>
      relayHas(look, ({ helo, reverse }) => {
        const claimed =
          /(?:^|\.)(gmail|google|hotmail|outlook|microsoft|yahoo|aol|msn|icloud|apple|amazon|facebook|paypal|excite|compuserve|lycos|netscape|juno|gmx|web)\.(?:com|net|de)$/.exec(
            helo,
          )?.[1]
        return (
          claimed !== undefined &&
          reverse !== '' &&
          !reverse.includes(claimed) &&
          !/(?:1e100|outlook|exacttarget)\./.test(reverse)
        )
      }),
  },
  {
    name: 'BLOCKLISTED',
    says: 'blocklists name the sending host',
    score: 1.0,
    hit: ({ input }) =>
      Math.min(
        7,
        (input.wire?.dnsbl ?? []).reduce((sum, one) => sum + one.weight, 0),
      ),
  },
  {
    name: 'SPF_FAIL',
    says: 'the sender’s domain says that this host may not send for it',
    score: 2.0,
    hit: (look) => spf(look) === 'fail',
  },
  {
    name: 'SPF_SOFTFAIL',
    says: 'the sender’s domain says that this host should not send for it',
    score: 0.9,
    hit: (look) => spf(look) === 'softfail',
  },
  {
    name: 'SPF_NONE',
    says: 'the sender’s domain does not say who may send for it, and nothing is signed',
    score: 0.5,
    hit: (look) => spf(look) === 'none' && !dkimPasses(look),
  },
  {
    name: 'DKIM_BROKEN',
    says: 'it bears signatures and none of them holds',
    score: 0.6,
    hit: (look) =>
      (look.input.wire?.dkim ?? []).some((one) => one.result === 'fail' || one.result === 'permerror') &&
      !dkimPasses(look),
  },
  {
    name: 'DMARC_FAIL_REJECT',
    says: 'the author’s domain asks that such a message be refused',
    score: 4.0,
    hit: (look) => dmarcFails(look, 'reject'),
  },
  {
    name: 'DMARC_FAIL_QUARANTINE',
    says: 'the author’s domain asks that such a message be set aside',
    score: 2.5,
    hit: (look) => dmarcFails(look, 'quarantine'),
  },
  {
    name: 'DMARC_FAIL',
    says: 'neither SPF nor a signature speaks for the author’s domain',
    score: 0.7,
    hit: (look) => dmarcFails(look, 'none'),
  },
  {
    name: 'DMARC_PASS',
    says: 'the author’s domain vouches for the message',
    score: -0.4,
    hit: ({ input }) => input.wire?.dmarc?.result === 'pass',
  },
  {
    name: 'RELAY_PLAIN',
    says: 'a server that sends without TLS, as good as none does today',
    score: 0.4,
    hit: ({ input }) =>
      input.envelope !== undefined &&
      !input.envelope.tls &&
      !input.envelope.authenticated &&
      !isPrivate(input.envelope.ip),
  },
]
