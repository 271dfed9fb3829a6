/**
 * What an entry of the queue keeps beside its columns, as JSON text: how the message may leave (DSN of RFC 3461, SMTPUTF8, BODY of RFC 6152 and 3030, REQUIRETLS of RFC 8689),
 * and what the last try came to. Pure; the text is our own, and a damaged one costs its niceties, never the message.
 */
type Notify = 'never' | 'success' | 'failure' | 'delay'

export type QueueOptions = {
  /** Empty: as if nothing was said (RFC 3461 section 4.1): failure, and delay where we tell it. */
  readonly notify: readonly Notify[]
  /** `type;address`, decoded. */
  readonly orcpt?: string
  readonly ret?: 'full' | 'hdrs'
  readonly envid?: string
  readonly smtpUtf8: boolean
  readonly body: '7bit' | '8bitmime' | 'binarymime'
  readonly requireTls: boolean
  /** For lists that people read. */
  readonly subject: string
  /** The recipient's mailbox is here: it goes there without a connection. */
  readonly here?: boolean
  /** The sender was told that it is late. */
  readonly delayTold?: boolean
}

/** What the last try came to: who said what, and of which class it is. */
export type LastTry = {
  readonly at: number
  readonly host: string
  readonly stage: string
  readonly code: number
  readonly enhanced: string
  readonly text: string
  readonly class: string
}

const notifies: readonly Notify[] = ['never', 'success', 'failure', 'delay']

const parsed = (text: string): Readonly<Record<string, unknown>> => {
  if (text === '') return {}
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {}
  } catch (error) {
    if (error instanceof SyntaxError) return {}
    throw error
  }
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')
const numberOf = (value: unknown): number => (typeof value === 'number' ? value : 0)

/** @returns the options; what is missing or damaged is as if it had not been said. */
export const readOptions = (text: string): QueueOptions => {
  const { notify, orcpt, ret, envid, smtpUtf8, body, requireTls, subject, here, delayTold } = parsed(text)
  return {
    notify: Array.isArray(notify) ? notifies.filter((word) => notify.includes(word)) : [],
    ...(typeof orcpt === 'string' ? { orcpt } : {}),
    ...(ret === 'full' || ret === 'hdrs' ? { ret } : {}),
    ...(typeof envid === 'string' ? { envid } : {}),
    smtpUtf8: smtpUtf8 === true,
    body: body === '8bitmime' || body === 'binarymime' ? body : '7bit',
    requireTls: requireTls === true,
    subject: textOf(subject),
    ...(here === true ? { here } : {}),
    ...(delayTold === true ? { delayTold } : {}),
  }
}

/** @returns the text of an entry's `options`. */
export const writeOptions = (options: QueueOptions): string => JSON.stringify(options)

/** @returns what the last try came to; undefined before the first. */
export const readLast = (text: string): LastTry | undefined => {
  const { at, host, stage, code, enhanced, text: words, class: kind } = parsed(text)
  if (typeof at !== 'number') return undefined
  return {
    ...{ at, host: textOf(host), stage: textOf(stage), code: numberOf(code) },
    ...{ enhanced: textOf(enhanced), text: textOf(words), class: textOf(kind) },
  }
}

/** @returns the text of an entry's `last`. */
export const writeLast = (last: LastTry): string => JSON.stringify(last)
