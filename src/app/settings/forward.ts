/** The settings of mail that is sent on to addresses elsewhere. */
import * as z from 'zod'
import { oneOf } from './kinds.ts'

export const forwardSection = z
  .strictObject({
    flagged: oneOf(
      ['refuse', 'forward'],
      'refuse',
      'Mail that is flagged as spam and leads elsewhere: refuse it, so that its sender is told (whoever is here as well has it in Junk), or send it on with its flags, which costs this server its good name with whoever gets it.',
    ),
  })
  .prefault({})
  .describe('Addresses that lead to other servers.')
