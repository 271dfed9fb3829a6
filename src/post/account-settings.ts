/** The settings that an account has of its own, in its row as JSON. Pure; what cannot be read is as if it were not set. */
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
