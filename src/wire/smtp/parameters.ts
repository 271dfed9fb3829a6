/**
 * The parameters of MAIL and RCPT. RFC 5321 section 4.1.2 (grammar), RFC 1870 (SIZE), RFC 6152 and 3030 (BODY), RFC 6531 section 3.4
 * (SMTPUTF8), RFC 3461 section 4 (RET, ENVID, NOTIFY, ORCPT, xtext), RFC 4954 section 5 (AUTH), RFC 8689 (REQUIRETLS), RFC 4865
 * (HOLDFOR, HOLDUNTIL). Pure. What a server did not offer it does not take: `unknown-parameter` (RFC 5321 section 4.1.1.11).
 */
import { fail, ok, type Result } from '../../base/result.ts'

export type Parameter = { readonly name: string; readonly value?: string }
export type ParameterMisread = 'bad-parameter' | 'unknown-parameter'

export type MailParameters = {
  /** Octets; 0 when not declared. */
  readonly size: number
  readonly body: '7bit' | '8bitmime' | 'binarymime'
  readonly smtpUtf8: boolean
  readonly requireTls: boolean
  readonly ret?: 'full' | 'hdrs'
  /** Decoded. */
  readonly envid?: string
  /** Decoded; `<>` when the client does not say. */
  readonly auth?: string
  /** Seconds, or a date and time (RFC 3339). */
  readonly holdFor?: number
  readonly holdUntil?: string
}
export type Notify = 'never' | 'success' | 'failure' | 'delay'
export type RcptParameters = {
  readonly notify: readonly Notify[]
  /** `type;address`, the address decoded. */
  readonly orcpt?: string
}
/** The names a server offers parameters for. */
export type Offered = ReadonlySet<string>

const MOST_PARAMETERS = 20
const MOST_ENVID = 100 // RFC 3461 section 4.4
const MOST_ORCPT = 500 // RFC 3461 section 4.2

/** @param text what stands behind the path. @returns the parameters, names in capitals. */
export const readParameters = (text: string): Result<readonly Parameter[], 'bad-parameter'> => {
  const words = text.split(/[ \t]+/).filter((word) => word !== '')
  if (words.length > MOST_PARAMETERS) return fail('bad-parameter')
  const read: Parameter[] = []
  for (const word of words) {
    const found = /^([A-Za-z0-9][A-Za-z0-9-]*)(?:=([^=\x00-\x20\x7f]+))?$/.exec(word)
    // An address in ORCPT or AUTH may hold `=`, which xtext must encode and not every client does.
    const loose = found ?? /^(ORCPT|AUTH)=([^\x00-\x20\x7f]+)$/i.exec(word)
    const name = loose?.[1]?.toUpperCase()
    if (name === undefined || read.some((one) => one.name === name)) return fail('bad-parameter')
    read.push(loose?.[2] === undefined ? { name } : { name, value: loose[2] })
  }
  return ok(read)
}

/** @returns what xtext stands for (RFC 3461 section 4); undefined when it is malformed or hides a control. */
export const readXtext = (text: string): string | undefined => {
  if (/\+(?![0-9A-F]{2})/.test(text)) return undefined
  const octets = Buffer.from(text).toString('latin1')
  const plain = octets.replaceAll(/\+([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  const decoded = Buffer.from(plain, 'latin1').toString('utf8')
  return /[\x00-\x1f\x7f]/.test(decoded) ? undefined : decoded
}

/** @returns printable ASCII as xtext. */
export const writeXtext = (text: string): string =>
  text.replaceAll(/[^\x21-\x2a\x2c-\x3c\x3e-\x7e]/gu, (char) =>
    [...Buffer.from(char)].map((octet) => `+${octet.toString(16).toUpperCase().padStart(2, '0')}`).join(''),
  )

type Writable<T> = { -readonly [K in keyof T]: T[K] }
type MailRow = (into: Writable<MailParameters>, value: string | undefined) => boolean

const bodies: Readonly<Record<string, MailParameters['body']>> = {
  '7BIT': '7bit',
  '8BITMIME': '8bitmime',
  BINARYMIME: 'binarymime',
}

/** Each sets its field and says whether the value was good. */
const mailRows: Readonly<Record<string, MailRow>> = {
  SIZE: (into, value) => {
    if (value === undefined || !/^\d{1,20}$/.test(value)) return false
    into.size = Number(value)
    return true
  },
  BODY: (into, value) => {
    const body = bodies[value?.toUpperCase() ?? '']
    if (body !== undefined) into.body = body
    return body !== undefined
  },
  SMTPUTF8: (into, value) => {
    into.smtpUtf8 = true
    return value === undefined
  },
  REQUIRETLS: (into, value) => {
    into.requireTls = true
    return value === undefined
  },
  RET: (into, value) => {
    const ret = value?.toLowerCase()
    if (ret === 'full' || ret === 'hdrs') into.ret = ret
    return into.ret !== undefined
  },
  ENVID: (into, value) => {
    const envid = value === undefined || value.length > MOST_ENVID ? undefined : readXtext(value)
    if (envid !== undefined) into.envid = envid
    return envid !== undefined
  },
  AUTH: (into, value) => {
    const auth = value === undefined ? undefined : readXtext(value)
    if (auth !== undefined) into.auth = auth
    return auth !== undefined
  },
  HOLDFOR: (into, value) => {
    if (value === undefined || !/^\d{1,9}$/.test(value)) return false
    into.holdFor = Number(value)
    return true
  },
  HOLDUNTIL: (into, value) => {
    if (value === undefined || !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/i.test(value))
      return false
    into.holdUntil = value
    return true
  },
}

/** @param offered the names that EHLO stands for: `SIZE BODY SMTPUTF8 RET ENVID …`. @returns the parameters of MAIL. */
export const readMailParameters = (
  parameters: readonly Parameter[],
  offered: Offered,
): Result<MailParameters, ParameterMisread> => {
  const read: Writable<MailParameters> = { size: 0, body: '7bit', smtpUtf8: false, requireTls: false }
  for (const { name, value } of parameters) {
    const row = offered.has(name) && Object.hasOwn(mailRows, name) ? mailRows[name] : undefined
    if (row === undefined) return fail('unknown-parameter')
    if (!row(read, value)) return fail('bad-parameter')
  }
  return read.holdFor !== undefined && read.holdUntil !== undefined ? fail('bad-parameter') : ok(read)
}

const notifyWords: readonly string[] = ['never', 'success', 'failure', 'delay'] satisfies readonly Notify[]
const isNotify = (word: string): word is Notify => notifyWords.includes(word)

const readNotify = (value: string): readonly Notify[] | undefined => {
  const words = value.toLowerCase().split(',')
  if (!words.every(isNotify) || new Set(words).size !== words.length) return undefined
  return words.includes('never') && words.length > 1 ? undefined : words
}

const readOrcpt = (value: string): string | undefined => {
  const found = value.length > MOST_ORCPT ? null : /^([A-Za-z0-9-]{1,32});(.+)$/.exec(value)
  const address = found?.[2] === undefined ? undefined : readXtext(found[2])
  return address === undefined ? undefined : `${found?.[1] ?? ''};${address}`
}

/** @returns the parameters of RCPT. */
export const readRcptParameters = (
  parameters: readonly Parameter[],
  offered: Offered,
): Result<RcptParameters, ParameterMisread> => {
  let notify: readonly Notify[] | undefined = []
  let orcpt: string | undefined
  for (const { name, value } of parameters) {
    if (!offered.has(name)) return fail('unknown-parameter')
    if (name === 'NOTIFY') {
      notify = readNotify(value ?? '')
      if (notify === undefined) return fail('bad-parameter')
    } else if (name === 'ORCPT') {
      orcpt = readOrcpt(value ?? '')
      if (orcpt === undefined) return fail('bad-parameter')
    } else return fail('unknown-parameter')
  }
  return ok({ notify, ...(orcpt === undefined ? {} : { orcpt }) })
}
