/**
 * The life of a signing key: next (its record is to be published) -> active (signs) -> retiring (still published, mail signed with it is under way) ->
 * revoked (published with an empty `p=`) -> gone (the record is to be removed). RFC 6376 section 3.6.1 (`p=`), section 5.2 (selectors; keys may have to
 * stay), section 6.1.2 (revoked); RFC 8463 section 4. A state machine without clock or DNS: what DNS says is observed, then asked what is to be done.
 *
 * The owner edits DNS by hand, so nothing waits for a date alone: a key signs only once its record was seen, and a key whose record is gone signs no longer
 * (docs/decisions/0070).
 */
import type { KeyObject } from 'node:crypto'
import type { DnsAnswer } from '../base/dns.ts'
import { readKey } from './dkim-key.ts'
import type { SigningKey } from './signing-key.ts'

export type KeyAlgorithm = SigningKey['algorithm']
export const keyAlgorithms: readonly KeyAlgorithm[] = ['rsa-sha256', 'ed25519-sha256']
export const keyStates = ['next', 'active', 'retiring', 'revoked', 'gone'] as const
type KeyState = (typeof keyStates)[number]
/** What DNS says of a key's record: the very key; another one, or more than one; nothing; no answer. */
export type RecordState = 'right' | 'wrong' | 'absent' | 'unknown'

export type RotatingKey = {
  readonly selector: string
  readonly algorithm: KeyAlgorithm
  readonly state: KeyState
  /** Since when it is in this state. */
  readonly since: number
  /** Since when its record is seen right without a break; null where it is not. */
  readonly seenSince: number | null
  /** Since when DNS says that there is no such record, or another one; null where it does not say so. */
  readonly missingSince: number | null
  /** Takes the place of a key that others may have: no waiting, and the old one is revoked at once. */
  readonly urgent: boolean
}
export type RotationRules = {
  /** A key that has been active for so long gets a successor; 0: never. */
  readonly everyMs: number
  /** How long a successor's record must have been seen before it signs: not all servers of a domain are alike at once. */
  readonly settleMs: number
  /** How long a key stays published after its last signature: what waits in queues is verified late. */
  readonly overlapMs: number
  /** How long `p=` stays published. */
  readonly revokedMs: number
  /** How long an active key signs on after its record went. */
  readonly patienceMs: number
}
export type RotationAction =
  | { readonly kind: 'make'; readonly algorithm: KeyAlgorithm }
  | { readonly kind: 'activate' | 'retire' | 'revoke' | 'remove' | 'forget'; readonly selector: string }

/** @param key public. @returns the TXT record of a key that signs. */
export const keyRecord = (key: KeyObject): string => {
  const der = key.export({ type: 'spki', format: 'der' })
  return key.asymmetricKeyType === 'ed25519'
    ? `v=DKIM1; k=ed25519; p=${der.subarray(-32).toString('base64')}`
    : `v=DKIM1; k=rsa; p=${der.toString('base64')}`
}
/** RFC 6376 section 3.6.1: the key is revoked. */
export const REVOKED_RECORD = 'v=DKIM1; p='

/** @param answer the TXT records at the key's name. @param key public; undefined for one that is revoked. @returns what they are to this key. */
export const recordState = (answer: DnsAnswer<'TXT'>, key: KeyObject | undefined): RecordState => {
  if (answer.kind === 'failed') return 'unknown'
  if (answer.kind === 'none') return 'absent'
  const [read, ...more] = answer.records.flatMap((text) => readKey(text, answer.secure) ?? [])
  if (read === undefined || more.length > 0) return 'wrong'
  if (!read.ok) return read.error === 'key-revoked' && key === undefined ? 'right' : 'wrong'
  return key !== undefined && read.value.key.equals(key) ? 'right' : 'wrong'
}

/** @returns the key with what DNS was seen to say at `now`; no answer changes nothing. */
export const observe = (key: RotatingKey, record: RecordState, now: number): RotatingKey => {
  if (record === 'unknown') return key
  const right = record === 'right'
  return {
    ...key,
    seenSince: right ? (key.seenSince ?? now) : null,
    missingSince: right ? null : (key.missingSince ?? now),
  }
}

/** Whether it is to sign now. */
export const isSigning = (key: RotatingKey, now: number, rules: Pick<RotationRules, 'patienceMs'>): boolean =>
  key.state === 'active' && (key.missingSince === null || now - key.missingSince < rules.patienceMs)

/** Whether a key that waits for its record may sign now: the first one at once, a successor when its record has settled. */
const isReady = (key: RotatingKey, hasActive: boolean, now: number, rules: RotationRules): boolean =>
  key.seenSince !== null && (!hasActive || key.urgent || now - key.seenSince >= rules.settleMs)

const successions = (
  keys: readonly RotatingKey[],
  algorithm: KeyAlgorithm,
  now: number,
  rules: RotationRules,
): readonly RotationAction[] => {
  const ours = keys.filter((key) => key.algorithm === algorithm)
  const active = ours.filter((key) => key.state === 'active')
  const next = ours.filter((key) => key.state === 'next')
  const ready = next.find((key) => isReady(key, active.length > 0, now, rules))
  if (ready !== undefined) {
    const kind = ready.urgent ? 'revoke' : 'retire'
    return [
      ...active.map(({ selector }) => ({ kind, selector }) as const),
      { kind: 'activate', selector: ready.selector },
    ]
  }
  const overdue = rules.everyMs > 0 && active.every((key) => now - key.since >= rules.everyMs)
  return next.length === 0 && (active.length === 0 || overdue) ? [{ kind: 'make', algorithm }] : []
}

const ending = (key: RotatingKey, now: number, rules: RotationRules): RotationAction | undefined => {
  const age = now - key.since
  const { selector } = key
  if (key.state === 'retiring') return age >= rules.overlapMs ? { kind: 'revoke', selector } : undefined
  if (key.state === 'revoked') return age >= rules.revokedMs ? { kind: 'remove', selector } : undefined
  return key.state === 'gone' && key.missingSince !== null ? { kind: 'forget', selector } : undefined
}

/**
 * @param keys of one domain, as they were last observed. @returns what is to be done now, in this order; asked again after it was done, nothing. `forget` is
 * for a key whose record is seen to be gone.
 */
export const rotation = (
  keys: readonly RotatingKey[],
  now: number,
  rules: RotationRules,
): readonly RotationAction[] => [
  ...keyAlgorithms.flatMap((algorithm) => successions(keys, algorithm, now, rules)),
  ...keys.flatMap((key) => ending(key, now, rules) ?? []),
]

const stateAfter = { activate: 'active', retire: 'retiring', revoke: 'revoked', remove: 'gone' } as const

/** @returns the keys after an action; `make` is the caller's, who alone can make a key. */
export const acted = (keys: readonly RotatingKey[], action: RotationAction, now: number): readonly RotatingKey[] => {
  if (action.kind === 'make') return keys
  if (action.kind === 'forget') return keys.filter((key) => key.selector !== action.selector)
  const state = stateAfter[action.kind]
  return keys.map((key) => {
    if (key.selector !== action.selector) return key
    // Another record is expected from now on, so what was seen of the one before says nothing of it.
    const anew = state === 'revoked' || state === 'gone'
    return { ...key, state, since: now, urgent: false, ...(anew ? { seenSince: null, missingSince: null } : {}) }
  })
}

/** @param taken selectors that are in use, or were. @returns a selector that says which kind of key it is and from when: `r20261125`, `e20261125`, `r20261125b`. */
export const newSelector = (algorithm: KeyAlgorithm, now: number, taken: ReadonlySet<string>): string => {
  const day = new Date(now).toISOString().slice(0, 10).replaceAll('-', '')
  const name = `${algorithm === 'rsa-sha256' ? 'r' : 'e'}${day}`
  for (let at = 1; ; at += 1) {
    const selector = at === 1 ? name : `${name}${at <= 26 ? String.fromCharCode(96 + at) : `x${at}`}`
    if (!taken.has(selector)) return selector
  }
}
