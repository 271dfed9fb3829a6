/** A DNS of a few names for tests of the verifier: a table in, a `Resolve` out, with what was asked. */
import type { DnsAnswer, DnsRecords, DnsType, Resolve } from '../src/base/dns.ts'

export type Node =
  | { readonly [T in DnsType]?: readonly DnsRecords[T][] | 'timeout' | 'servfail' }
  | 'timeout'
  | 'servfail'
export type Table = Readonly<Record<string, Node>>

const MOST_ALIASES = 8

/** @param table by name, lower case; a name that is not there is NXDOMAIN unless another lies below it. `asked` fills with `TYPE name`. */
export const zoneOf = (table: Table, asked: string[] = []): Resolve => {
  const answer = <T extends DnsType>(name: string, type: T, step: number): DnsAnswer<T> => {
    const node = table[name]
    if (node === undefined) {
      const inner = Object.keys(table).some((one) => one.endsWith(`.${name}`))
      return { kind: 'none', why: inner ? 'nodata' : 'nxdomain', secure: false }
    }
    if (typeof node === 'string') return { kind: 'failed', why: node }
    const records: readonly DnsRecords[T][] | 'timeout' | 'servfail' | undefined = node[type]
    if (typeof records === 'string') return { kind: 'failed', why: records }
    if (records !== undefined && records.length > 0) return { kind: 'found', records, secure: false }
    const alias = typeof node.CNAME === 'string' ? undefined : node.CNAME?.[0]
    if (alias === undefined) return { kind: 'none', why: 'nodata', secure: false }
    return step > MOST_ALIASES ? { kind: 'failed', why: 'malformed' } : answer(alias, type, step + 1)
  }
  return async (name, type) => {
    asked.push(`${type} ${name}`)
    return answer(name.toLowerCase(), type, 0)
  }
}
