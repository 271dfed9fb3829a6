/**
 * Outcomes. What a stranger, a disk or a clock can cause is a value of this type with a closed union of reasons; what
 * only a mistake of ours can cause is thrown.
 */
export type Result<T, E> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: E }

/** A good outcome that holds `value`. */
export const ok = <T>(value: T): { readonly ok: true; readonly value: T } => ({ ok: true, value })

/** A bad outcome for the reason `error`. */
export const fail = <E>(error: E): { readonly ok: false; readonly error: E } => ({ ok: false, error })
