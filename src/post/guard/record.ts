/**
 * The record of a freeze: when, why, on what evidence, and which of its steps are done. It is written before anything else happens, so that a crash
 * between two steps leaves the account frozen and the rest is done at the next start. The dashboard and `postern account frozen` show it. Pure.
 */
import { type AccountId, accountId } from '../../base/ids.ts'
import { type FreezeWhy, readStrikes, type Strikes, writeStrikes } from './judge.ts'
import type { Attention } from './networks.ts'
import { readObject } from './state.ts'

/** In this order. */
const freezeSteps = ['state', 'queue', 'sessions', 'app-passwords', 'owner', 'admin'] as const
export type FreezeStep = (typeof freezeSteps)[number]

export type FreezeRecord = {
  readonly account: AccountId
  readonly name: string
  readonly at: number
  readonly why: FreezeWhy
  /** What an administrator said of it; '' where the guard did it. */
  readonly note: string
  /** The password is taken for stolen: app passwords are revoked, and only another password thaws. */
  readonly stolen: boolean
  readonly evidence: Evidence
  /** The password's hash of then, to see whether it was changed. */
  readonly passwordHash: string
  readonly done: readonly FreezeStep[]
}

export type Evidence = {
  /** Where the last message came from; '' for a freeze by hand. */
  readonly ip: string
  readonly network: string
  readonly country: string
  /** The network was new to the account, the country too. */
  readonly newNetwork: boolean
  readonly newCountry: boolean
  /** What led to it, newest first. */
  readonly strikes: Strikes
  /** First-time recipients, messages in the last hour, when it was frozen. */
  readonly messages: number
  readonly firstTime: number
}

/** Of a freeze by hand. */
export const noEvidence: Evidence = {
  ip: '',
  network: '',
  country: '',
  newNetwork: false,
  newCountry: false,
  strikes: [],
  messages: 0,
  firstTime: 0,
}

/** @returns the part of the evidence that says where it came from. */
export const whence = (
  ip: string,
  network: string,
  attention: Attention | undefined,
): Pick<Evidence, 'ip' | 'network' | 'country' | 'newNetwork' | 'newCountry'> => ({
  ip,
  network,
  country: attention?.country ?? '',
  newNetwork: attention !== undefined,
  newCountry: attention?.newCountry === true,
})

/** @returns the steps that are still to be done, in order. */
export const stepsLeft = (record: FreezeRecord): readonly FreezeStep[] =>
  freezeSteps.filter((step) => !record.done.includes(step))

const whys: readonly FreezeWhy[] = ['refused', 'far-beyond', 'strangers', 'by-hand']
const isCount = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value) && value >= 0
const isText = (value: unknown): value is string => typeof value === 'string'

/** @returns the memo. */
export const writeFreeze = (record: FreezeRecord): Uint8Array =>
  Buffer.from(
    JSON.stringify({ ...record, evidence: { ...record.evidence, strikes: writeStrikes(record.evidence.strikes) } }),
    'utf8',
  )

const readEvidence = (value: unknown): Evidence | undefined => {
  const given = readObject(Buffer.from(JSON.stringify(value ?? null), 'utf8'))
  if (given === undefined) return undefined
  const { ip, network, country, newNetwork, newCountry, messages, firstTime } = given
  const strikes = readStrikes(given['strikes'])
  if (!isText(ip) || !isText(network) || !isText(country) || strikes === undefined) return undefined
  if (!isCount(messages) || !isCount(firstTime)) return undefined
  return {
    ip,
    network,
    country,
    newNetwork: newNetwork === true,
    newCountry: newCountry === true,
    strikes,
    messages,
    firstTime,
  }
}

/** @returns undefined for octets that are no record. */
export const readFreeze = (bytes: Uint8Array): FreezeRecord | undefined => {
  const given = readObject(bytes)
  if (given === undefined) return undefined
  const { account, name, at, note, stolen, passwordHash, done } = given
  const why = whys.find((one) => one === given['why'])
  const evidence = readEvidence(given['evidence'])
  if (!isCount(account) || !isText(name) || !isCount(at) || !isText(note) || !isText(passwordHash)) return undefined
  if (why === undefined || evidence === undefined || !Array.isArray(done)) return undefined
  const steps = freezeSteps.filter((step) => done.includes(step))
  return {
    account: accountId(account),
    name,
    at,
    why,
    note,
    stolen: stolen === true,
    evidence,
    passwordHash,
    done: steps,
  }
}
