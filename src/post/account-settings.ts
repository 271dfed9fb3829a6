/** The settings that an account has of its own, in its row as JSON. Pure; what cannot be read is as if it were not set. */
import { kinds, type Limits } from './guard/settings.ts'
import type { Thresholds } from './verdict.ts'

const numberOf = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isFinite(value) ? value : undefined

const fieldOf = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? Object.entries(value).find(([key]) => key === name)?.[1] : undefined

const readJson = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

/** @param settings `{"spam":{"flag":4,"reject":12}}`. @returns the account's thresholds, the server's where it has none. */
export const thresholdsOf = (settings: string, server: Thresholds): Thresholds => {
  if (settings === '' || settings === '{}') return server
  const spam = fieldOf(readJson(settings), 'spam')
  return {
    flag: numberOf(fieldOf(spam, 'flag')) ?? server.flag,
    reject: numberOf(fieldOf(spam, 'reject')) ?? server.reject,
  }
}

export const programChoices = ['any', 'known-networks', 'app-passwords'] as const
/** With what programs get into an account: its own password too, only from networks that it was used from before, or app passwords alone. */
export type Programs = (typeof programChoices)[number]

/** @param settings `{"programs":"app-passwords"}`. @returns `any` where nothing is set. */
export const programsOf = (settings: string): Programs => {
  if (settings === '' || settings === '{}') return 'any'
  const set = fieldOf(readJson(settings), 'programs')
  return programChoices.find((choice) => choice === set) ?? 'any'
}

/** What an account has of its own for its outgoing mail; what is not there is as the server has it. */
export type OwnSending = {
  readonly flag?: number | undefined
  readonly reject?: number | undefined
  readonly limits: { readonly [S in keyof Limits]?: Partial<Limits[S]> }
}

const budgetNames = { messages: 'messages', recipients: 'recipients', firstTime: 'first-time' } as const

/** @param settings `{"sending":{"reject":12,"hour":{"first-time":100}}}`. */
export const ownSendingOf = (settings: string): OwnSending => {
  if (settings === '' || settings === '{}') return { limits: {} }
  const sending = fieldOf(readJson(settings), 'sending')
  const amountOf = (span: keyof Limits): Partial<Limits[keyof Limits]> =>
    Object.fromEntries(
      kinds.flatMap((kind) => {
        const limit = numberOf(fieldOf(fieldOf(sending, span), budgetNames[kind]))
        return limit === undefined ? [] : [[kind, limit]]
      }),
    )
  return {
    flag: numberOf(fieldOf(sending, 'flag')),
    reject: numberOf(fieldOf(sending, 'reject')),
    limits: { hour: amountOf('hour'), day: amountOf('day') },
  }
}

/** @returns where the owner is told what must not be told in the account itself: `{"second-address":"anna@example.net"}`. */
export const secondAddressOf = (settings: string): string | undefined => {
  if (settings === '' || settings === '{}') return undefined
  const address = fieldOf(readJson(settings), 'second-address')
  return typeof address === 'string' && address !== '' ? address : undefined
}

const entriesOf = (value: unknown): readonly (readonly [string, unknown])[] =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.entries(value) : []

const put = (value: unknown, path: readonly string[], to: unknown): Readonly<Record<string, unknown>> | undefined => {
  const [name = '', ...deeper] = path
  const [before] = entriesOf(value).filter(([key]) => key === name)
  const next = deeper.length === 0 ? (to ?? undefined) : put(before?.[1], deeper, to)
  const all = [
    ...entriesOf(value).filter(([key]) => key !== name),
    ...(next === undefined ? [] : [[name, next] as const]),
  ]
  return all.length === 0 ? undefined : Object.fromEntries(all)
}

/** @param path names from the outside in. @param to null takes it away. @returns the settings with that one changed. */
export const withSetting = (settings: string, path: readonly string[], to: string | number | null): string =>
  JSON.stringify(put(readJson(settings), path, to) ?? {})
