/**
 * DNS as the verifier, the queue and the doctor see it: a look-up is a function, so that none of them knows a socket. RFC 1035, RFC 6840
 * section 5.7 (the AD bit). Types only; pure; plain data, because look-ups cross threads.
 */
export type DnsType = 'A' | 'AAAA' | 'CNAME' | 'MX' | 'NS' | 'PTR' | 'TXT' | 'TLSA'

/** A, AAAA: the address as text; CNAME, NS, PTR: the name without its last dot, in lower case; TXT: all strings of the record joined, an octet a character. */
export type DnsRecords = {
  readonly A: string
  readonly AAAA: string
  readonly CNAME: string
  readonly NS: string
  readonly PTR: string
  readonly TXT: string
  readonly MX: { readonly preference: number; readonly exchange: string }
  readonly TLSA: {
    readonly usage: number
    readonly selector: number
    readonly matching: number
    readonly data: Uint8Array
  }
}

/** `secure` is the AD bit of a resolver that we trust. `none` is an answer: the name or the type is not there. `failed` is no answer: try later. */
export type DnsAnswer<T extends DnsType = DnsType> =
  | { readonly kind: 'found'; readonly records: readonly DnsRecords[T][]; readonly secure: boolean }
  | { readonly kind: 'none'; readonly why: 'nxdomain' | 'nodata'; readonly secure: boolean }
  | { readonly kind: 'failed'; readonly why: 'timeout' | 'servfail' | 'refused' | 'malformed' | 'bad-name' }

/** Never rejects; follows CNAMEs; bounded in time by whoever made it. @param name without a last dot, A-labels. */
export type Resolve = <T extends DnsType>(name: string, type: T) => Promise<DnsAnswer<T>>
