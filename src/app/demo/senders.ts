/**
 * The demo's senders: which loopback address a corpus message comes from, with which HELO and envelope, to whom. Pure.
 *
 * Every sending domain of the corpus becomes a host of its own in 127.0.0.0/8, chosen by a hash, so that the same host sends the
 * same mail at every run. The names get the suffix `.demo.test`: nobody's real domain is asked about or spoken for.
 */
import { createHash } from 'node:crypto'
import type { CorpusMessage } from './corpus.ts'

export type DemoSender = {
  readonly ip: string
  /** The host's own name; the demo's DNS knows it unless `nameless`. */
  readonly host: string
  readonly domain: string
  /** No reverse name, like so many bots. */
  readonly nameless: boolean
  /** On the demo's blocklist. */
  readonly listed: boolean
  /** Whether the domain's SPF record names this host. */
  readonly spf: 'pass' | 'fail' | 'none'
  readonly signs: boolean
}
export type DemoDelivery = {
  readonly message: CorpusMessage
  readonly sender: DemoSender
  readonly mailFrom: string
  readonly recipient: string
}

export const demoDomain = 'postern.test'
export const demoAccounts = [`anna@${demoDomain}`, `ben@${demoDomain}`] as const
/** Addresses that nobody has ever used: mail to them is a confession. */
export const demoTraps = [`sales-2009@${demoDomain}`, `jsmith77@${demoDomain}`] as const
const demoNobody = [`info@${demoDomain}`, `webmaster@${demoDomain}`, `bob@${demoDomain}`] as const

const hash = (text: string): Buffer => createHash('sha256').update(text).digest()
const share = (octet: number | undefined): number => (octet ?? 0) / 256

/** The last @domain of the From field, or of Return-Path, made safe for DNS. */
const domainOf = (message: CorpusMessage): string => {
  const head = message.bytes.toString('latin1', 0, 8192).split('\r\n\r\n')[0] ?? ''
  const from = /^(?:From|Return-Path):[^\r]*@([A-Za-z0-9.-]{3,80})/im.exec(head)
  const labels = (from?.[1] ?? 'unknown.example')
    .toLowerCase()
    .split('.')
    .filter((label) => /^[a-z0-9]([a-z0-9-]{0,40}[a-z0-9])?$/.test(label))
  return labels.length === 0 ? 'unknown' : labels.slice(-3).join('-')
}

/** @param spam what the corpus says: it decides how a host is likely to be set up, never what the server is told. */
const demoSender = (domain: string, spam: boolean): DemoSender => {
  const h = hash(`${spam ? 'bot' : 'host'} ${domain}`)
  // 127.16.0.0 and up: below are the demo's own listeners. Hosts of spam share networks more often, as bots do.
  const ip = spam
    ? `127.${64 + ((h[0] ?? 0) % 32)}.${(h[1] ?? 0) % 8}.${1 + ((h[2] ?? 0) % 254)}`
    : `127.${128 + ((h[0] ?? 0) % 64)}.${h[1]}.${1 + ((h[2] ?? 0) % 254)}`
  // The hash keeps a wanted and an unwanted sender of one domain apart: each has its own records.
  const name = `${domain}-${h.toString('hex', 7, 8)}.demo.test`
  return {
    ip,
    host: `mail.${name}`,
    domain: name,
    nameless: spam && share(h[3]) < 0.35,
    listed: spam && share(h[4]) < 0.5,
    spf: spam
      ? share(h[5]) < 0.4
        ? 'fail'
        : share(h[5]) < 0.7
          ? 'none'
          : 'pass'
      : share(h[5]) < 0.8
        ? 'pass'
        : 'none',
    signs: !spam && share(h[6]) < 0.5,
  }
}

/** @returns how the demo delivers a message: most to people, some spam to traps and to addresses that are not there. */
export const demoDelivery = (message: CorpusMessage): DemoDelivery => {
  const sender = demoSender(domainOf(message), message.spam)
  const h = hash(message.name)
  const pick = <T>(list: readonly [T, ...T[]] | readonly T[], octet: number | undefined): T =>
    list[(octet ?? 0) % list.length] as T
  const chance = share(h[0])
  const recipient =
    message.spam && chance < 0.04
      ? pick(demoTraps, h[1])
      : message.spam && chance < 0.12
        ? pick(demoNobody, h[1])
        : pick(demoAccounts, h[1])
  return { message, sender, mailFrom: `sender@${sender.domain}`, recipient }
}
