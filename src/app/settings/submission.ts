/** Data: the settings of the submission ports, where mail programs hand over what people write. */
import * as z from 'zod'
import { postDefaults } from '../../post/settings.ts'
import { smtpLimitRows, submissionLimitRows, submissionLimits, submitLimits } from '../../session/smtp/limits.ts'
import { yes } from './kinds.ts'
import { limitsOf, rowsOf } from './limits.ts'

export const submissionSection = z
  .strictObject({
    'show-client': yes(
      postDefaults.submission.showClient,
      "Name the address of the sender's computer or phone in the Received field. Recipients can then tell where people write from.",
    ),
    'shared-aliases': yes(
      postDefaults.submission.sharedAliases,
      'Each member of an alias with several members may send as the alias; false: only the account whom an alias leads to alone.',
    ),
    limits: limitsOf(submitLimits, rowsOf(smtpLimitRows)).describe('Bounds of one connection on ports 465 and 587.'),
    logins: limitsOf(submissionLimits, rowsOf(submissionLimitRows)).describe('Logins there, and sending later.'),
  })
  .prefault({})
  .describe('Sending: the ports of mail programs.')
