/** The settings of the packet filter: whether bans are put into the kernel too, and how. */
import * as z from 'zod'
import { oneOf, path } from './kinds.ts'

export const firewallSection = z
  .strictObject({
    mode: oneOf(
      ['auto', 'run', 'off'],
      'auto',
      'auto: bans go to a firewall process (postern firewall run) as soon as one listens on the socket; run: the server starts one itself, and must be root for that; off: Postern only refuses by itself.',
    ),
    socket: path('', 'Where the firewall process listens; empty: firewall.sock in the data folder.'),
    backend: oneOf(
      ['auto', 'nftables', 'ipset', 'iptables', 'command'],
      'auto',
      'The packet filter; auto takes the first of nftables, ipset, iptables that works.',
    ),
    commands: z
      .strictObject({
        add: z.string().max(1000).default('').describe('Closes {gate} (mail or login) to {prefix} for {seconds}.'),
        remove: z.string().max(1000).default('').describe('Opens {gate} to {prefix} again.'),
        flush: z.string().max(1000).default('').describe('Takes all of ours away.'),
        list: z.string().max(1000).default('').describe('Prints what is in force.'),
      })
      .prefault({})
      .describe('For the backend "command": programs with their words, run without a shell.'),
  })
  .prefault({})
  .describe('Bans in the packet filter, beside those that Postern enforces by itself.')
