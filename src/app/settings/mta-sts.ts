/** The settings of our own MTA-STS policy. RFC 8461 section 3.2. */
import * as z from 'zod'
import { duration, names, oneOf } from './kinds.ts'

export const mtaStsSection = z
  .strictObject({
    mode: oneOf(
      ['enforce', 'testing', 'none'],
      'testing',
      'What other servers do when our TLS or our certificate does not hold: keep the mail until it does, deliver it and tell, or nothing. "enforce" wants a certificate that they trust, for every host of the domains.',
    ),
    mx: names([], 'Other hosts that take mail for our domains, beside this one.'),
    'max-age': duration(
      '1 w',
      'How long others remember the policy; up to a year. Make it long when all has gone well.',
    ),
  })
  .prefault({})
  .describe(
    'The policy that tells other servers to use TLS with us. `postern dns` prints it with its records; [listen] https serves it.',
  )
