/**
 * An aggregate report as XML. RFC 9990 section 3.1 and appendix A (elements and their order, the name space); readers of RFC 7489 appendix C go by the same
 * names. Pure.
 *
 * `disposition` is none, quarantine or reject, which both schemas know; `pct` is left out unless a record still has it (readers of RFC 9990 pass over it).
 */
import type { CountedRow } from './dmarc-row.ts'

export type AggregateReport = {
  readonly organization: string
  readonly email: string
  /** Where people can ask; '' for nowhere. */
  readonly contact: string
  readonly id: string
  /** Epoch seconds, both inclusive. */
  readonly begin: number
  readonly end: number
  readonly generator: string
  readonly domain: string
  /** At least one. */
  readonly rows: readonly CountedRow[]
}

const escapes: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
/** XML 1.0 section 2.2: control characters and half surrogates cannot be written at all. */
const escaped = (text: string): string =>
  text
    .toWellFormed()
    .replaceAll(/[\x00-\x1f\x7f-\x9f\ufffe\uffff]/g, '?')
    .replaceAll(/[&<>"]/g, (letter) => escapes[letter] ?? '')

type Element = readonly [name: string, content: string | number | readonly Element[]]
const write = (elements: readonly Element[], depth: number): string =>
  elements
    .map(([name, content]) => {
      const indent = '  '.repeat(depth)
      return typeof content === 'object'
        ? `${indent}<${name}>\n${write(content, depth + 1)}${indent}</${name}>\n`
        : `${indent}<${name}>${escaped(String(content))}</${name}>\n`
    })
    .join('')

const reasonElements = ({ reason }: CountedRow): readonly Element[] =>
  reason === undefined
    ? []
    : [
        [
          'reason',
          [['type', reason.type], ...(reason.comment === undefined ? [] : [['comment', reason.comment] as const])],
        ],
      ]

const recordElement = (row: CountedRow): Element => [
  'record',
  [
    [
      'row',
      [
        ['source_ip', row.ip],
        ['count', row.count],
        [
          'policy_evaluated',
          [
            ['disposition', row.disposition],
            ['dkim', row.dkimAligned ? 'pass' : 'fail'],
            ['spf', row.spfAligned ? 'pass' : 'fail'],
            ...reasonElements(row),
          ],
        ],
      ],
    ],
    [
      'identifiers',
      [
        ['envelope_from', row.envelopeFrom],
        ['header_from', row.headerFrom],
      ],
    ],
    [
      'auth_results',
      [
        ...row.dkim.map(
          ({ domain, selector, result }): Element => [
            'dkim',
            [
              ['domain', domain],
              ['selector', selector],
              ['result', result],
            ],
          ],
        ),
        [
          'spf',
          [
            ['domain', row.spf.domain],
            // Only the envelope sender has a scope (RFC 9990); a null sender is judged by the name in HELO.
            ...(row.spf.helo ? [] : [['scope', 'mfrom'] as const]),
            ['result', row.spf.result],
          ],
        ],
      ],
    ],
  ],
]

const policyElements = ({ domain, rows }: AggregateReport): readonly Element[] => {
  // The policy may have changed in the course of the day: the last one counted is as good as any (RFC 9990 section 3.3).
  const policy = rows.at(-1)?.published
  if (policy === undefined) return [['domain', domain]]
  return [
    ['domain', domain],
    ['discovery_method', 'treewalk'],
    ['p', policy.p],
    ['sp', policy.sp],
    ['np', policy.np],
    ['fo', policy.fo],
    ['adkim', policy.adkim],
    ['aspf', policy.aspf],
    ['testing', policy.testing ? 'y' : 'n'],
    ...(policy.pct < 100 ? [['pct', policy.pct] as const] : []),
  ]
}

/** @returns the document, UTF-8. */
export const writeAggregate = (report: AggregateReport): string => {
  const metadata: readonly Element[] = [
    ['org_name', report.organization],
    ['email', report.email],
    ...(report.contact === '' ? [] : [['extra_contact_info', report.contact] as const]),
    ['report_id', report.id],
    [
      'date_range',
      [
        ['begin', report.begin],
        ['end', report.end],
      ],
    ],
    ['generator', report.generator],
  ]
  const body = write(
    [
      ['version', '1.0'],
      ['report_metadata', metadata],
      ['policy_published', policyElements(report)],
      ...report.rows.map(recordElement),
    ],
    1,
  )
  return `<?xml version="1.0" encoding="UTF-8"?>\n<feedback xmlns="urn:ietf:params:xml:ns:dmarc-2.0">\n${body}</feedback>\n`
}
