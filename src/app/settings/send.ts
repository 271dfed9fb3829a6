/** The settings of the queue. */
import * as z from 'zod'
import { readIp } from '../../base/ip.ts'
import { paceDefaults } from '../../post/queue/pace.ts'
import { scheduleDefaults } from '../../post/queue/schedule.ts'
import { count, duration, writeDuration, yes } from './kinds.ts'

export const sendSection = z
  .strictObject({
    enabled: yes(true, 'Send what is queued. false: mail is taken and waits.'),
    connections: count(50, 1, 1000, 'Connections to other servers at once, in all.'),
    'per-destination': count(
      paceDefaults.most,
      1,
      200,
      'To one domain or relay; it begins with fewer, and a server that balks gets half.',
    ),
    'messages-per-connection': count(100, 1, 10_000, 'Then the connection is closed, and another one opened.'),
    'first-retry': duration(
      writeDuration(scheduleDefaults.firstMs),
      'What could not leave is tried again after so long (a fifth more or less), then after twice as long each time…',
    ),
    'longest-retry': duration(writeDuration(scheduleDefaults.longestMs), '…up to this.'),
    lifetime: duration(writeDuration(scheduleDefaults.lifetimeMs), 'Then it is given up, and its sender is told.'),
    'delay-notice': duration(
      writeDuration(scheduleDefaults.delayNoticeMs),
      'After so long the sender hears that it is late.',
    ),
    addresses: z
      .array(
        z.string({ error: 'must be an address, in quotes' }).refine((text) => readIp(text).ok, {
          error: 'must be an IP address of this machine',
        }),
      )
      .max(20)
      .default([])
      .describe(
        'Addresses of this machine to send from: the first IPv4 and the first IPv6 address of the list. Empty: as the system chooses. The reverse name of the address must lead to `host`.',
      ),
  })
  .prefault({})
  .describe('Sending to other servers.')
