/**
 * How many connections are open: in all, from each address, from each network (/24 of IPv4, /48 of IPv6). Pure.
 */
import { prefixOf, readIp, writePrefix } from '../base/ip.ts'

export type CrowdLimits = { readonly most: number; readonly mostPerIp: number; readonly mostPerNet: number }
export type CrowdAnswer = 'ok' | 'most' | 'address' | 'network'

const NET4_BITS = 24
const NET6_BITS = 48

const networkOf = (ip: string): string => {
  if (!ip.includes(':')) return ip.slice(0, ip.lastIndexOf('.'))
  const read = readIp(ip)
  return read.ok ? writePrefix(prefixOf(read.value, read.value.version === 4 ? NET4_BITS : NET6_BITS)) : ip
}

/** Counts who is in. Everyone who was let in by `enter` must `leave` once. */
export class Crowd {
  readonly #limits: CrowdLimits
  readonly #addresses = new Map<string, number>()
  readonly #networks = new Map<string, number>()
  #all = 0

  constructor(limits: CrowdLimits) {
    this.#limits = limits
  }

  get all(): number {
    return this.#all
  }

  /** @param ip in canonical text. @returns `ok`, and then it counts; or which limit is reached, and then it does not. */
  enter(ip: string): CrowdAnswer {
    const network = networkOf(ip)
    const here = this.#addresses.get(ip) ?? 0
    const near = this.#networks.get(network) ?? 0
    if (this.#all >= this.#limits.most) return 'most'
    if (here >= this.#limits.mostPerIp) return 'address'
    if (near >= this.#limits.mostPerNet) return 'network'
    this.#all += 1
    this.#addresses.set(ip, here + 1)
    this.#networks.set(network, near + 1)
    return 'ok'
  }

  leave(ip: string): void {
    this.#all -= 1
    less(this.#addresses, ip)
    less(this.#networks, networkOf(ip))
  }
}

const less = (counts: Map<string, number>, key: string): void => {
  const count = counts.get(key) ?? 0
  if (count > 1) counts.set(key, count - 1)
  else counts.delete(key)
}
