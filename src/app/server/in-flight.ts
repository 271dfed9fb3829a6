/**
 * Notes of what is being sent, in a file of fixed places: a message's id is written when its content begins to go, and wiped when what became of it is on disk. The system keeps what was written
 * when the process is killed, so the next start knows what may go twice; no commit is waited for (docs/decisions/0063).
 */
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'

const FILE = 'in-flight'
const PLACE = 32 // octets: a message's id, 32 hex digits
const empty = Buffer.alloc(PLACE, ' ')
const MOST_PLACES = 10_000

export type InFlight = {
  /** Messages that were being sent when the last run ended. */
  readonly left: readonly string[]
  /** @returns the number to `end` it by. */
  readonly begin: (message: string) => number
  readonly end: (slot: number) => void
  readonly close: () => void
}

const readLeft = (file: string): readonly string[] => {
  try {
    const text = readFileSync(file, 'latin1').slice(0, PLACE * MOST_PLACES)
    return [...new Set(text.match(/[0-9a-f]{32}/g) ?? [])]
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw error
  }
}

/** @param folder the data folder, whose lock is held. @throws what the file system says */
export const openInFlight = (folder: string): InFlight => {
  const file = join(folder, FILE)
  const left = readLeft(file)
  const handle = openSync(file, 'w', 0o600)
  const free: number[] = []
  let next = 0
  const put = (slot: number, octets: Uint8Array): void => {
    writeSync(handle, octets, 0, PLACE, slot * PLACE)
  }
  return {
    left,
    begin: (message) => {
      const slot = free.pop() ?? next++
      put(slot, Buffer.from(message.padEnd(PLACE).slice(0, PLACE), 'latin1'))
      return slot
    },
    end: (slot) => {
      put(slot, empty)
      free.push(slot)
    },
    close: () => closeSync(handle),
  }
}
