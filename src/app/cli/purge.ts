/** `postern purge [--status]`: old Junk goes by the clock; this says how the last time went, or does it now. */
import * as z from 'zod'
import { writeDuration, writeSize } from '../settings/kinds.ts'
import { askAndPrint } from './ask.ts'
import type { Command } from './command.ts'
import { configOf, whereOptions } from './config-file.ts'

const tidiedShape = z.object({
  at: z.number(),
  junk: z.number(),
  junkOctets: z.number(),
  removed: z.number(),
  rejected: z.number(),
  kept: z.number(),
  keptOctets: z.number(),
  oldestJunk: z.number().nullable(),
})
const sizeOf = (octets: number): string => `${(octets / 1_048_576).toFixed(1)} MB`
const timeOf = (at: number): string => new Date(at).toISOString().slice(0, 16).replace('T', ' ')

/** @returns the lines for the operator. Pure. */
export const writePurge = (value: unknown, keep: { readonly junk: number; readonly 'junk-room': number }): string => {
  const last = tidiedShape.nullable().parse(value)
  const rule = `Messages in Junk are kept for ${writeDuration(keep.junk)}${keep['junk-room'] === 0 ? '' : `, and ${writeSize(keep['junk-room'])} an account at most`}; what its owner marked stays.\n`
  if (last === null)
    return `${rule}Nothing was purged so far: the server does it two minutes after its start and then every hour, \`postern purge\` now.\n`
  const { at, junk, junkOctets, removed, rejected, kept, keptOctets, oldestJunk } = last
  return `${rule}last purge   ${timeOf(at)} UTC
removed      ${junk} messages (${sizeOf(junkOctets)}) of Junk, ${rejected} that showed refused mail, ${removed} receipts, tombstones and bodies that nothing points at
kept         ${kept} messages (${sizeOf(keptOctets)}) in Junk${oldestJunk === null ? '' : `, the oldest since ${timeOf(oldestJunk)} UTC`}
`
}

export const purge: Command = {
  usage: 'purge',
  about:
    'Removes old Junk, as [keep] says, and what nothing points at any more. The server does the same two minutes after its start and every hour;\n--status says when that was last, what went, and how old the oldest message in a Junk is.',
  options: [{ name: 'status', says: 'remove nothing, say how the last purge went' }, ...whereOptions],
  example: 'postern purge --status',
  json: true,
  run: async (given, shell) => {
    if (given.words.length > 0) {
      shell.err('postern purge: it takes no words; `postern purge --status` says how the last one went\n')
      return 2
    }
    const config = configOf(given, shell)
    if (config === undefined) return 2
    const { keep } = config.settings
    const request =
      given.values['status'] === true
        ? { verb: 'purge-status', words: {} }
        : {
            verb: 'purge',
            words: { keepJunkMs: keep.junk, junkRoom: keep['junk-room'], keepRejectedMs: keep.rejected },
          }
    return askAndPrint(given, shell, request, (value) => writePurge(value, keep))
  },
}
