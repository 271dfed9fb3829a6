/**
 * The settings of relays, `[[relay]]`: who sends our mail on for us. "Let somebody else do it" is one of them with a host, a user and a password. RFC 6409 (submission ports), RFC 8314
 * (implicit TLS). A password never goes over a line that may be open: such a row is a mistake.
 */
import * as z from 'zod'
import type { RelayRow } from '../../post/relay.ts'
import { toAscii } from '../../verify/lookup.ts'
import { count, hostName, oneOf, path, yes } from './kinds.ts'

const text = (byDefault: string, says: string) =>
  z.string({ error: 'must be text, in quotes' }).max(1024, { error: 'is too long' }).default(byDefault).describe(says)

const domainPattern = /^(?:\*|\.?[^\s@.*]+(?:\.[^\s@.*]+)*|\[[0-9A-Fa-f:.]+\])$/
const senderPattern = /^(?:\*|<>|\.?[^\s@.*]+(?:\.[^\s@.*]+)*|[^\s@]+@[^\s@]+)$/

const patterns = (which: RegExp, wrong: string, says: string) =>
  z
    .array(z.string({ error: `must be text: ${wrong}` }).regex(which, { error: wrong }), {
      error: 'must be a list: ["…"]',
    })
    .min(1, { error: 'must name somebody; leave it out for everybody' })
    .max(1000, { error: 'must have at most 1,000 entries' })
    .prefault(['*'])
    .describe(says)

const submissionPort = { implicit: 465, required: 587, 'if-offered': 25 } as const

const relay = z
  .strictObject({
    for: patterns(
      domainPattern,
      'write a domain ("example.com"), ".example.com" for those below it, or "*"',
      'Mail to these domains: "example.com", ".example.com" for those below it, "*" for all.',
    ),
    senders: patterns(
      senderPattern,
      'write an address, a domain, ".example.org" for those below it, "<>" for the null sender, or "*"',
      'Mail from these senders alone: an address, a domain, "<>" for reports and bounces.',
    ),
    host: hostName('The server that takes the mail.'),
    port: count(0, 0, 65_535, 'Its port. 0: 465 with tls = "implicit", 587 with "required", 25 with "if-offered".'),
    tls: oneOf(
      ['required', 'implicit', 'if-offered'],
      'required',
      'STARTTLS or nothing; TLS from the first octet; or STARTTLS where the server has it, else an open line (with verify = false).',
    ),
    verify: yes(
      true,
      "Its certificate must be right for its name. false: for a server of one's own on the same network.",
    ),
    user: text('', 'The name to log in with; empty: no login.'),
    'password-file': path('', 'A file that holds the password alone; readable by Postern only.'),
    password: text(
      '',
      'The password itself. Prefer password-file: whoever reads this configuration reads the password.',
    ),
    'after-tries': count(
      0,
      0,
      1000,
      'Only after so many tries of our own failed: the way out when a destination refuses us. 0: always.',
    ),
  })
  .superRefine((row, context) => {
    const wrong = (key: string, message: string): void => context.addIssue({ code: 'custom', path: [key], message })
    const secrets = Number(row.password !== '') + Number(row['password-file'] !== '')
    if (secrets === 2) wrong('password', 'stands beside password-file; remove one of the two')
    if (row.user !== '' && secrets === 0)
      wrong('user', 'needs a password: write it into a file of its own, and name that with password-file')
    if (row.user === '' && secrets > 0)
      wrong(row.password === '' ? 'password-file' : 'password', 'needs a user to log in with; write user = "…"')
    if (row.user !== '' && row.tls === 'if-offered')
      wrong('tls', 'would send the password over a line that may be open; write "required" or "implicit"')
  })

export const relaysSection = z
  .array(relay, { error: 'must be tables: [[relay]]' })
  .max(100, { error: 'must be at most 100 relays' })
  .default([])
  .describe(
    'Servers that send our mail on for us: all of it, or that to some domains, or from some senders, or what we could not deliver ourselves. The first one that fits takes a message. Without any we deliver everything ourselves.',
  )

type RelaySettings = z.output<typeof relaysSection>

/** `*`, `<>` and literals stay; other names as DNS and SMTP have them. */
const ascii = (domain: string): string => (/^[*<[]/.test(domain) ? domain.toLowerCase() : toAscii(domain))
const lower = (pattern: string): string => {
  const at = pattern.lastIndexOf('@')
  const [local, domain] = at < 0 ? ['', pattern] : [pattern.slice(0, at + 1), pattern.slice(at + 1)]
  const dot = domain.startsWith('.') ? '.' : ''
  return `${local.toLowerCase()}${dot}${ascii(domain.slice(dot.length))}`
}

/** @returns lines for the operator: what is allowed and yet not wise. */
export const relayWarnings = (relays: RelaySettings): readonly string[] =>
  relays.flatMap(({ host, password, tls, verify }) => [
    ...(password === ''
      ? []
      : [`relay ${host}: the password stands in the configuration itself; password-file keeps it apart`]),
    ...(tls === 'if-offered' && verify
      ? [
          `relay ${host}: tls = "if-offered" with verify = true still demands TLS, because an open line has no certificate; write verify = false to allow it, or tls = "required"`,
        ]
      : []),
  ])

/**
 * @param read gives the text of a file that the settings name; undefined where it cannot be read. @returns the rows, or what is wrong with a file.
 */
export const relayRows = (
  relays: RelaySettings,
  read: (path: string) => string | undefined,
): { readonly rows: readonly RelayRow[]; readonly problems: readonly string[] } => {
  const problems: string[] = []
  const rows = relays.flatMap((row): readonly RelayRow[] => {
    const { host, port, tls, verify, user } = row
    const file = row['password-file']
    const password = file === '' ? row.password : read(file)?.replace(/\r?\n$/, '')
    if (password === undefined || (user !== '' && password === '')) {
      problems.push(
        `relay ${host}: no password in ${file}; write it there, and let the user that Postern runs as read the file`,
      )
      return []
    }
    const hop = {
      ...{ host, port: port === 0 ? submissionPort[tls] : port, tls, verify },
      ...(user === '' ? {} : { user, password }),
    }
    return [{ domains: row.for.map(lower), senders: row.senders.map(lower), afterTries: row['after-tries'], hop }]
  })
  return { rows, problems }
}
