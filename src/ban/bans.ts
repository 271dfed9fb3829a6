/**
 * The bans in force, for the accept path: a map by subject, four look-ups at most for an address, no parsing for IPv4. Clock as a parameter.
 *
 * A ban lasts its term and no longer, also where the clock is set back: one that would end later than its whole term from now (and SLACK)
 * is not believed until `sweep` restates it.
 */
import { prefixOf, readIp, readPrefix, writePrefix } from '../base/ip.ts'
import type { Ban, Scope, Service } from './offence.ts'
import { domainSubject, isSender, subjectsOf } from './subject.ts'

/** Subjects, some 60 MB; beyond, the bans that were set first make room. */
const MOST_BANS = 200_000
/** How far a clock may be set back without a ban losing force. */
const SLACK = 3_600_000

type Slot = { mail?: Ban; login?: Ban }

const closes = (scope: Scope, service: Service): boolean => scope === 'all' || scope === service
const holds = (ban: Ban, now: number): boolean => now < ban.until && now >= ban.from - SLACK
const inForce = (ban: Ban | undefined, now: number): ban is Ban => ban !== undefined && holds(ban, now)

/** A set of bans; owned by the jail. */
export class Bans {
  readonly #most: number
  readonly #slots = new Map<string, Slot>()
  /** Prefix lengths in use beyond those that every address is looked up by, as `4/16`; few, set by hand. */
  readonly #otherLengths = new Map<string, number>()

  constructor(most = MOST_BANS) {
    this.#most = most
  }

  /** Puts a ban in force; of two on one subject and service the one that ends later stays. */
  add(ban: Ban): void {
    const slot = this.#slots.get(ban.subject) ?? {}
    for (const service of ['mail', 'login'] as const)
      if (closes(ban.scope, service) && (slot[service]?.until ?? 0) <= ban.until) slot[service] = ban
    if (!this.#slots.has(ban.subject)) this.#countLength(ban.subject, 1)
    this.#slots.set(ban.subject, slot)
    if (this.#slots.size <= this.#most) return
    // A twentieth at once: a Map walks over what was deleted at its beginning.
    for (const first of [...this.#slots.keys()].slice(0, Math.ceil(this.#most / 20))) this.remove(first)
  }

  /** @returns the bans that were lifted. */
  remove(subject: string): readonly Ban[] {
    const slot = this.#slots.get(subject)
    if (slot === undefined) return []
    this.#slots.delete(subject)
    this.#countLength(subject, -1)
    return distinct(slot)
  }

  /** @returns the ban that keeps `ip` from `service`, if there is one. */
  barring(ip: string, service: Service, now: number): Ban | undefined {
    if (this.#slots.size === 0) return undefined
    const subjects = subjectsOf(ip)
    if (subjects === undefined) return undefined
    const address = this.#slots.get(subjects.address)?.[service]
    if (inForce(address, now)) return address
    const network = this.#slots.get(subjects.network)?.[service]
    if (inForce(network, now)) return network
    return this.#otherLengths.size === 0 ? undefined : this.#barringWide(ip, service, now)
  }

  /** @returns the ban on this sender's name: the address, or the domain or one above it. */
  barringSender(address: string, now: number): Ban | undefined {
    if (this.#slots.size === 0) return undefined
    const own = this.#slots.get(address)?.mail
    if (inForce(own, now)) return own
    let domain = address.slice(address.lastIndexOf('@') + 1)
    while (domain !== '') {
      const ban = this.#slots.get(domainSubject(domain))?.mail
      if (inForce(ban, now)) return ban
      const dot = domain.indexOf('.')
      domain = dot < 0 ? '' : domain.slice(dot + 1)
    }
    return undefined
  }

  #barringWide(ip: string, service: Service, now: number): Ban | undefined {
    const read = readIp(ip)
    if (!read.ok) return undefined
    for (const key of this.#otherLengths.keys()) {
      if (!key.startsWith(`${read.value.version}/`)) continue
      const ban = this.#slots.get(writePrefix(prefixOf(read.value, Number(key.slice(2)))))?.[service]
      if (inForce(ban, now)) return ban
    }
    return undefined
  }

  /** Takes away what is over, and restates what the clock left behind. @returns the bans that ended. */
  sweep(now: number): readonly Ban[] {
    const ended: Ban[] = []
    for (const [subject, slot] of this.#slots) {
      for (const service of ['mail', 'login'] as const) {
        const ban = slot[service]
        if (ban === undefined || holds(ban, now)) continue
        if (ban.until > now) slot[service] = { ...ban, from: now, until: now + (ban.until - ban.from) }
        else {
          delete slot[service]
          if (!ended.includes(ban)) ended.push(ban)
        }
      }
      if (slot.mail === undefined && slot.login === undefined) this.remove(subject)
    }
    return ended
  }

  /** @returns the bans in force, newest first. */
  list(now: number): readonly Ban[] {
    return [...this.#slots.values()]
      .flatMap(distinct)
      .filter((ban) => inForce(ban, now))
      .sort((a, b) => b.from - a.from)
  }

  get size(): number {
    return this.#slots.size
  }

  #countLength(subject: string, by: 1 | -1): void {
    if (isSender(subject)) return
    const prefix = readPrefix(subject)
    if (!prefix.ok) return
    const { version, bits } = prefix.value
    if (version === 4 ? bits === 32 || bits === 24 : bits === 64 || bits === 48) return
    const key = `${version}/${bits}`
    const count = (this.#otherLengths.get(key) ?? 0) + by
    if (count > 0) this.#otherLengths.set(key, count)
    else this.#otherLengths.delete(key)
  }
}

const distinct = (slot: Slot): readonly Ban[] => {
  const { mail, login } = slot
  if (mail === undefined) return login === undefined ? [] : [login]
  return login === undefined || login === mail ? [mail] : [mail, login]
}
