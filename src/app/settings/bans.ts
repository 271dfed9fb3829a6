/** The settings of the jail: each sentence of the table is a table of settings of its own, named `offence-who`. */
import * as z from 'zod'
import type { Sentence, Sentences } from '../../ban/sentences.ts'
import { count, duration, durationRange, networks, oneOf, writeDuration, yes } from './kinds.ts'

const nameOf = (row: Sentence): string => `${row.offence}-${row.who}`

const sentenceSection = (row: Sentence) =>
  z
    .strictObject({
      count: count(row.count, 0, 10_000, 'After so many (0: never)…'),
      within: duration(writeDuration(row.withinMs), '…in so long…'),
      term: durationRange(
        `${writeDuration(row.leastMs)} - ${writeDuration(row.mostMs)}`,
        '…banned for a time between these two.',
      ),
      closes: oneOf(['earned', 'all'], row.closes, 'The service where it happened, or every port.'),
    })
    .prefault({})
    .describe(
      `${row.offence}: the ${row.who === 'network' ? 'network (/24, or /48 of IPv6)' : 'address (/64 of IPv6)'} is banned.`,
    )

/** @param defaults the talk's table. @returns the section; its value has the form of `Sentences` beside the switches. */
export const bansSection = (defaults: Sentences) =>
  z
    .strictObject({
      enabled: yes(true, 'Keep offenders out.'),
      allow: networks([], 'Never banned.'),
      'require-reverse': yes(
        true,
        'A peer without a reverse name is an offender; false makes it a mere fact for the score.',
      ),
      loopback: yes(false, 'Judge 127.0.0.0/8 and ::1 as everybody else; only a demonstration wants this.'),
      longest: duration(writeDuration(defaults.longestMs), 'No ban grows longer than this.'),
      'half-life': duration(writeDuration(defaults.halfLifeMs), 'Half of a record is forgotten in this time.'),
      sentences: z
        .strictObject(Object.fromEntries(defaults.rows.map((row) => [nameOf(row), sentenceSection(row)])))
        .prefault({})
        .describe('The table of sentences.'),
    })
    .prefault({})
    .transform((given) => ({
      enabled: given.enabled,
      allow: given.allow,
      requireReverse: given['require-reverse'],
      loopback: given.loopback,
      sentences: {
        ...defaults,
        longestMs: given.longest,
        halfLifeMs: given['half-life'],
        rows: defaults.rows.flatMap((row): readonly Sentence[] => {
          const own = given.sentences[nameOf(row)]
          if (own === undefined) return [row]
          const { count: most, within, term, closes } = own
          return most === 0 ? [] : [{ ...row, count: most, withinMs: within, ...term, closes }]
        }),
      } satisfies Sentences,
    }))
    .describe('The jail: three guesses and then silence. Each sentence is one table, [bans.sentences.NAME].')
