/** Data: the settings of the spamd protocol. */
import * as z from 'zod'
import { spamdLimitRows, spamdLimits } from '../../session/spamd/deps.ts'
import { networks, yes } from './kinds.ts'
import { limitsOf, rowsOf } from './limits.ts'

export const spamdSection = z
  .strictObject({
    from: networks(['127.0.0.0/8', '::1'], 'Who may ask; nobody logs in, and messages go over the wire in plain text.'),
    tell: yes(
      false,
      'Whether `spamc -L spam|ham|forget` teaches the filter: whoever may ask may then teach, in any name.',
    ),
    jail: yes(
      true,
      "Whether what a client tells the sender of (Exim with variant=rspamd) counts with the jail and in the sender's history, as if it had come here.",
    ),
    limits: limitsOf(spamdLimits, rowsOf(spamdLimitRows)).describe('Bounds of the requests.'),
  })
  .prefault({})
  .describe('The filter for other mail servers and programs on this machine; [listen] spamd opens it.')
