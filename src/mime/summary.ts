/**
 * What readers ask of a message, computed once at delivery: ENVELOPE, BODYSTRUCTURE, the ranges of its parts, and the columns of SEARCH, SORT and
 * THREAD. RFC 9051 section 7.5.2 (the forms), RFC 5256 section 2.1 (base subject), RFC 5957 (display names), RFC 8970 (preview). Pure.
 */

/** Texts that go to an IMAP client are latin1, an octet a character, complete with parentheses; decoded texts are for people and searches. */
export type Summary = {
  readonly envelope: string
  /** BODY, without extension data. */
  readonly body: string
  readonly bodystructure: string
  /** Up to 200 characters of decoded text (RFC 8970 section 3.1). */
  readonly preview: string
  /** Decoded, unfolded, at most 1,000 characters. */
  readonly subject: string
  readonly baseSubject: string
  /** The Date field as epoch milliseconds, null where it is absent or no date. */
  readonly sentAt: number | null
  /** The Date field's own day, `YYYY-MM-DD`, empty where there is none (RFC 9051 section 6.4.4, SENTON). */
  readonly sentDay: string
  /** With their angle brackets; empty where absent. References (or, without them, In-Reply-To's first) oldest first, at most 100. */
  readonly messageId: string
  readonly references: readonly string[]
  /** Decoded address lists for SEARCH FROM and the like: `Name <local@domain>, …`, at most 2,000 characters. */
  readonly from: string
  readonly to: string
  readonly cc: string
  readonly bcc: string
  /** RFC 5256 section 3: the mailbox (local part) of the first address; RFC 5957: its display name or address. */
  readonly sortFrom: string
  readonly sortTo: string
  readonly sortCc: string
  readonly displayFrom: string
  readonly displayTo: string
  readonly attachments: number
  /** The part tree as numbers, so that a section is cut out without reading the message again; see `mime/section.ts`. */
  readonly parts: readonly number[]
}
