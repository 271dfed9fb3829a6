/** Verb: ENVELOPEs of a page, as octets side by side. RFC 9051 section 7.5.2. */
import type { MailboxId } from '../../base/ids.ts'
import type { UidRanges } from '../store.ts'
import { Digests } from './digests.ts'
import { num } from './door.ts'
import type { House, Run } from './house.ts'
import { mustBeMailbox } from './mailbox-rows.ts'
import { headOf } from './messages.ts'

const MOST_A_PAGE = 5_000 // ENVELOPEs in an answer
const WORTH_A_DIGEST = 4 // blobs of one page: for fewer their own heads are read

type Place = { readonly uid: number; readonly blob: number; readonly at: number }

const placesOf = (house: House, mailbox: MailboxId, uids: UidRanges, most: number) => {
  const places: Place[] = []
  for (const [from, to] of uids) {
    const rows = house.tx.lists(
      'SELECT uid, blob FROM messages WHERE mailbox = ? AND uid BETWEEN ? AND ? ORDER BY uid LIMIT ?',
      mailbox,
      from,
      to,
      most - places.length + 1,
    )
    for (const row of rows) {
      if (places.length >= most) return { places, next: num(row[0]) }
      places.push({ uid: num(row[0]), blob: num(row[1]), at: places.length })
    }
  }
  return { places, next: null }
}

/** Reads the ENVELOPEs of a page in the order of blobs, so that each digest is unpacked once. */
const envelopesOf = (house: House, places: readonly Place[]): readonly Buffer[] => {
  const found: Buffer[] = new Array(places.length)
  const byBlob = places.toSorted((a, b) => a.blob - b.blob)
  const digests = new Digests(house)
  for (let from = 0; from < byBlob.length; ) {
    const digest = digests.around(byBlob[from]?.blob ?? 0)
    let to = from + 1
    if (digest !== null) while (to < byBlob.length && (byBlob[to]?.blob ?? 0) <= digest.last) to += 1
    for (const { blob, at } of byBlob.slice(from, to)) {
      const digested = digest !== null && to - from >= WORTH_A_DIGEST ? digest.envelope(blob) : null
      found[at] = digested ?? Buffer.from(headOf(house, blob).summary.envelope, 'latin1')
    }
    from = to
  }
  return found
}

export const envelopes: Run<'envelopes'> = (house, a) => {
  mustBeMailbox(house, a.mailbox)
  const { places, next } = placesOf(house, a.mailbox, a.uids, Math.min(Math.max(a.most, 1), MOST_A_PAGE))
  const found = envelopesOf(house, places)
  const ends = new Uint32Array(found.length)
  let end = 0
  for (const [i, one] of found.entries()) {
    end += one.length
    ends[i] = end
  }
  const all = new Uint8Array(end)
  for (const [i, one] of found.entries()) all.set(one, (ends[i] ?? 0) - one.length)
  return { uids: Uint32Array.from(places, ({ uid }) => uid), ends, octets: all, next }
}
