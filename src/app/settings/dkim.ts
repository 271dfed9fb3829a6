/** The settings of signing. */
import * as z from 'zod'
import { durationOr, path, yes } from './kinds.ts'

export const dkimSection = z
  .strictObject({
    sign: yes(true, 'Sign mail that leaves, with the keys of its domain.'),
    rotate: durationOr(
      'never',
      '180 d',
      'A key that has signed for so long gets a successor. It signs once its record is seen in the DNS, so nothing happens until you (or the command below) have published it.',
    ),
    publish: path(
      '',
      'A program that publishes the records, called as PROGRAM add|remove NAME VALUE, without a shell; it ends with 0 when that is done. Empty: `postern dkim records` says what to publish by hand.',
    ),
  })
  .prefault({})
  .describe('DKIM signatures.')
