/**
 * Where FETCH is not Dovecot's, and why: docs/quirks.md ("Message structure") tells the same with the sentences of the RFCs. A row fits as little as it can.
 */
import { gaveUp, type Value } from './imap-values.ts'

export type Difference = {
  /** Leads to the message. */
  readonly name: string
  /** In small letters. */
  readonly item: string
  readonly mine: Value | undefined
  readonly peer: Value | undefined
  /** Of BINARY.SIZE: what BINARY was with the peer; undefined where it hung up. */
  readonly peerOctets?: Value | undefined
}

type Explanation = { readonly name: string; readonly fits: (difference: Difference) => boolean }

/** Whether two values are alike but for numbers, of which the peer's are larger by the octets of a line end, or by one line. */
const alikeButForLineEnds = (mine: Value | undefined, peer: Value | undefined): boolean => {
  if (Array.isArray(mine) && Array.isArray(peer))
    return mine.length === peer.length && mine.every((one: Value, at) => alikeButForLineEnds(one, peer[at]))
  if (typeof mine === 'number' && typeof peer === 'number') return [0, 1, 2].includes(peer - mine)
  return JSON.stringify(mine) === JSON.stringify(peer)
}

/** Whether the peer's lists are the beginnings of ours, as far down as there are lists. */
const beginsLike = (mine: Value | undefined, peer: Value | undefined): boolean =>
  Array.isArray(mine) && Array.isArray(peer)
    ? peer.length <= mine.length && peer.every((one: Value, at) => beginsLike(mine[at], one))
    : JSON.stringify(mine) === JSON.stringify(peer)

const isRefused = (value: Value | undefined): boolean => Array.isArray(value) && `${value}`.startsWith('NO [')

const withoutAddresses = (envelope: Value | undefined): string =>
  Array.isArray(envelope) ? JSON.stringify([envelope[0], envelope[1], envelope.slice(8)]) : ''

export const explanations: readonly Explanation[] = [
  {
    name: 'an address list against the grammar',
    fits: ({ item, mine, peer }) =>
      item === 'envelope' &&
      (gaveUp(mine ?? null) || gaveUp(peer ?? null)) &&
      withoutAddresses(mine) === withoutAddresses(peer),
  },
  {
    name: 'no empty line where the message has none',
    fits: ({ item, mine, peer }) => item.includes('.fields') && peer === `${mine}\r\n`,
  },
  {
    name: 'the line end before a boundary is the boundary’s: octets',
    fits: ({ item, mine, peer }) =>
      /^(?:body|binary)\[[\d.]+(?:\.text)?\]$/.test(item) && typeof mine === 'string' && peer === `${mine}\r\n`,
  },
  {
    name: 'the line end before a boundary is the boundary’s: sizes',
    fits: ({ item, mine, peer }) => ['body', 'bodystructure'].includes(item) && alikeButForLineEnds(mine, peer),
  },
  {
    name: 'a header’s last line is whole',
    fits: ({ item, mine, peer }) => item.endsWith('.mime]') && mine === `${peer}\r\n`,
  },
  {
    name: 'a parameter without its semicolon',
    fits: ({ item, mine, peer }) => ['body', 'bodystructure'].includes(item) && beginsLike(mine, peer),
  },
  {
    name: 'an encoding with mistakes is decoded',
    fits: ({ item, mine, peer }) => item.startsWith('binary') && isRefused(peer) && !isRefused(mine),
  },
  {
    name: 'BINARY.SIZE is the size of BINARY',
    fits: ({ item, mine, peer, peerOctets }) =>
      item.startsWith('binary.size') &&
      typeof mine === 'number' &&
      (peerOctets === undefined ||
        (typeof peerOctets === 'string' && (peerOctets.length !== peer || mine === peer - 2))),
  },
]
