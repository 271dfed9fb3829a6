/**
 * Which mail another server takes on for us: a smart host for all, for some destinations, for some senders, or after our own tries failed. RFC 6409
 * (we are its client on a submission port). Pure; the rows come from `[[relay]]` of the settings, and the first that fits decides.
 */

export type RelayHop = {
  readonly host: string
  readonly port: number
  readonly tls: 'implicit' | 'required' | 'if-offered'
  /** Whether its certificate must be right for its name. */
  readonly verify: boolean
  readonly user?: string
  readonly password?: string
}
export type RelayRow = {
  /** Recipients' domains, lower case: `example.com`, `.example.com` (those below it), `*`. */
  readonly domains: readonly string[]
  /** Envelope senders, lower case: `anna@example.org`, `example.org`, `.example.org`, `<>` (the null sender), `*`. */
  readonly senders: readonly string[]
  /** Tries on our own that must have failed before. */
  readonly afterTries: number
  readonly hop: RelayHop
}

/** Whether a domain is meant by `example.com`, `.example.com` or `*`. */
const isMeant = (domain: string, pattern: string): boolean =>
  pattern === '*' || (pattern.startsWith('.') ? domain.endsWith(pattern) : domain === pattern)

const isSender = (sender: string, pattern: string): boolean => {
  if (pattern === '<>') return sender === ''
  if (pattern.includes('@')) return sender === pattern
  return pattern === '*' || (sender !== '' && isMeant(sender.slice(sender.lastIndexOf('@') + 1), pattern))
}

/**
 * @param a sender: the envelope's, '' the null sender; domain: the recipient's, lower-case A-labels or a literal; tries: how many have failed.
 * @returns the server that takes the message; undefined where we deliver it ourselves.
 */
export const relayFor = (
  rows: readonly RelayRow[],
  a: { readonly sender: string; readonly domain: string; readonly tries: number },
): RelayHop | undefined => {
  const sender = a.sender.toLowerCase()
  const domain = a.domain.toLowerCase()
  return rows.find(
    (row) =>
      a.tries >= row.afterTries &&
      row.domains.some((pattern) => isMeant(domain, pattern)) &&
      row.senders.some((pattern) => isSender(sender, pattern)),
  )?.hop
}
