/**
 * Answers of SpamAssassin's spamd protocol, printed. Clients before version 1.3 (Exim asks with 1.2) get the verdict line alone before the text: they know no
 * other header. Pure; latin1 text, an octet a character.
 */
import type { SpamdDatabase, SpamdRequest } from './request.ts'

/** Codes of sysexits.h, as spamd uses them. */
const codes = { EX_DATAERR: 65, EX_UNAVAILABLE: 69, EX_TEMPFAIL: 75, EX_PROTOCOL: 76 } as const

/** @returns a refusal, with a sentence of printable ASCII for people. */
export const spamdRefusal = (code: keyof typeof codes, says: string): string =>
  `SPAMD/1.1 ${codes[code]} ${says.replaceAll(/[^ -~]/g, '?')}\r\n`

type RspamdAction = 'no action' | 'add header' | 'reject'

/** @returns the whole answer in rspamd's older form, as Exim's variant=rspamd reads it: the action stands right after the scores. */
export const rspamdVerdict = (
  action: RspamdAction,
  { spam, score, flagAt }: SpamdVerdict,
  rejectAt: number,
  symbols: readonly { readonly name: string; readonly score: number }[],
): string =>
  [
    'RSPAMD/1.3 0 EX_OK',
    `Metric: default; ${spam ? 'True' : 'False'}; ${[score, flagAt, rejectAt].map((one) => one.toFixed(2)).join(' / ')}`,
    `Action: ${action}`,
    ...symbols.map((one) => `Symbol: ${one.name.replaceAll(/[^A-Za-z0-9_]/g, '_')}(${one.score.toFixed(2)})`),
    '',
  ].join('\r\n')

/** The answer to PING. */
export const spamdPong = 'SPAMD/1.5 0 PONG\r\n'

export type SpamdVerdict = { readonly spam: boolean; readonly score: number; readonly flagAt: number }

/** Whether a client knows several header lines in an answer: from version 1.3 on. */
export const isModern = ({ version: [major, minor] }: Pick<SpamdRequest, 'version'>): boolean => major > 1 || minor >= 3

/** @returns status and headers of the answer to a scan, with their empty line; `octets` of text follow them. */
export const spamdVerdict = (
  request: Pick<SpamdRequest, 'method' | 'version'>,
  { spam, score, flagAt }: SpamdVerdict,
  octets: number,
): string => {
  const { method, version } = request
  const [yes, no] = method === 'REPORT_IFSPAM' ? ['Yes', 'No'] : ['True', 'False']
  const verdict = `Spam: ${spam ? yes : no} ; ${score.toFixed(1)} / ${flagAt.toFixed(1)}\r\n`
  const length = `Content-length: ${octets}\r\n`
  const rewrites = method === 'PROCESS' || method === 'HEADERS'
  // 1.2 knows one header: a length where the message comes back, the verdict elsewhere.
  const headers = isModern(request) ? `${length}${verdict}` : rewrites ? (version[1] === 2 ? length : '') : verdict
  return `SPAMD/1.1 0 EX_OK\r\n${headers}${headers === '' ? '' : '\r\n'}`
}

/** @returns the answer to TELL: the databases that learned and that forgot; none where it was known so before. No space in the lists: spamc 4.0 looks for `remote` behind a comma. */
export const spamdTold = (set: readonly SpamdDatabase[], removed: readonly SpamdDatabase[]): string => {
  const line = (name: string, databases: readonly string[]): string =>
    databases.length === 0 ? '' : `${name}: ${databases.join(',')}\r\n`
  return `SPAMD/1.1 0 EX_OK\r\n${line('DidSet', set)}${line('DidRemove', removed)}Content-length: 0\r\n\r\n`
}
