/** Branded ids: numbers and strings that differ in meaning differ in type. Made only by the functions below, or by the store. */
declare const brand: unique symbol
type Branded<T, B extends string> = T & { readonly [brand]: B }

/** A row of `accounts`. */
export type AccountId = Branded<number, 'AccountId'>
/** A row of `mailboxes`; never used twice. */
export type MailboxId = Branded<number, 'MailboxId'>
/** A stored body; one serves all recipients and copies. */
export type BlobId = Branded<number, 'BlobId'>
/** A message's number in its mailbox, 1 to 2^32-1, never used twice under one UIDVALIDITY (RFC 9051 section 2.3.1.1). */
export type Uid = Branded<number, 'Uid'>
/** A place in an account's change log, 1 to 2^53-1 (RFC 7162 section 3). */
export type ModSeq = Branded<number, 'ModSeq'>

export const accountId = (n: number): AccountId => n as AccountId
export const mailboxId = (n: number): MailboxId => n as MailboxId
export const blobId = (n: number): BlobId => n as BlobId
export const uid = (n: number): Uid => n as Uid
export const modSeq = (n: number): ModSeq => n as ModSeq
