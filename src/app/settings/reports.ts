/** The settings of reports. */
import * as z from 'zod'
import { yes } from './kinds.ts'

export const reportsSection = z
  .strictObject({
    dmarc: yes(
      true,
      'Tell domains that ask for it, once a day, how mail in their name fared here (DMARC aggregate reports).',
    ),
    tls: yes(true, 'Tell domains that ask for it, once a day, how TLS with their servers went (TLS-RPT).'),
    addresses: z
      .array(z.string().max(320))
      .max(50)
      .default([])
      .describe(
        'Addresses of ours to which others send reports, beside dmarc-reports@, tls-reports@, postmaster@ and abuse@. What is a report goes to `postern reports` and not into the inbox.',
      ),
    organization: z.string().max(64).default('').describe('Who reports; empty: the name of this server.'),
    contact: z
      .string()
      .max(200)
      .default('')
      .describe('A mail address or a page for questions about the reports; empty: none, and nobody reads answers.'),
  })
  .prefault({})
  .describe('Reports to other domains.')
