/** The settings of the log watch: which logs of other programs feed the jail, and by which filters. */
import * as z from 'zod'
import { count, duration, oneOf, yes } from './kinds.ts'

const text = (most: number, says: string) =>
  z.string({ error: 'must be text, in quotes' }).min(1, { error: 'must not be empty' }).max(most).describe(says)

/** The offences that a line can be; sentences.ts has the terms. */
const offences = [
  'filter',
  'login-failed',
  'spam-rejected',
  'spam-flagged',
  'unknown-recipient',
  'protocol-abuse',
  'spamtrap',
] as const

const watched = z
  .strictObject({
    path: z
      .string({ error: 'must be a path, in quotes' })
      .max(4096)
      .default('')
      .describe('The log: a path, or one with * for several. Leave it out for the journal.'),
    journal: z
      .string({ error: 'must be text, in quotes' })
      .max(1000)
      .default('')
      .describe(
        'In place of a path: what of the systemd journal, as "_SYSTEMD_UNIT=ssh.service"; "filter" for what the filter itself names.',
      ),
    filter: text(
      1000,
      'The filter: a name in one of the folders, as "sshd" or "postfix[mode=aggressive]", or the path of a filter file.',
    ),
    offence: oneOf(
      offences,
      'filter',
      'What a failure is to the jail; "filter": what the filter says, else a failed login.',
    ),
    weight: z
      .number({ error: 'must be a number' })
      .min(0.01, { error: 'must be at least 0.01' })
      .max(100, { error: 'must be at most 100' })
      .default(1)
      .describe('How much one failure counts. 3 bans at the first, 0.6 at the fifth failed login.'),
    zone: z
      .string({ error: 'must be text, in quotes' })
      .max(20)
      .default('')
      .describe('The zone of dates that name none, as "+0100"; empty: this machine\'s.'),
  })
  .refine((one) => (one.path === '') !== (one.journal === ''), { error: 'needs either path or journal' })

/** The section; without files nothing is watched. */
export const watchSection = z
  .strictObject({
    enabled: yes(true, 'Watch the logs named below.'),
    folders: z
      .array(z.string({ error: 'must be the path of a folder, in quotes' }).min(1).max(4096))
      .max(20)
      .default(['/etc/fail2ban/filter.d'])
      .describe("Folders of fail2ban's filter files, the first that has one wins; Postern's own filters come last."),
    every: duration('500 ms', 'How often the files are looked at.'),
    back: duration(
      '12 h',
      'Failures older than this are passed over, also in rotated logs that are read once at the first start.',
    ),
    names: oneOf(
      ['ignore', 'resolve'],
      'ignore',
      'A host name where an address is wanted: pass over, or look its addresses up. Whoever owns a name may point it at anybody.',
    ),
    deadline: duration('10 s', 'A line that is worked on for longer is given up, and told of.'),
    'most-files': count(200, 1, 5000, 'Files watched at once.'),
    files: z
      .array(watched)
      .max(500, { error: 'must have at most 500 entries' })
      .default([])
      .describe('The logs, one [[watch.files]] each.'),
  })
  .prefault({})
  .describe(
    "Logs of other programs: failures there count in the jail as failures here do. Filters are fail2ban's own files.",
  )
