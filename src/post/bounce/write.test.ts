import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import PostalMime from 'postal-mime'
import { plainText } from '../../mime/report.ts'
import { readDeliveryReport } from './read.ts'
import type { Said, Stage } from './said.ts'
import { type Bounce, writeBounce } from './write.ts'

const original = Buffer.from(
  'Received: from x\r\nMessage-ID: <one@example.org>\r\nSubject: =?utf-8?Q?Caf=C3=A9?= minutes\r\nFrom: ben@example.org\r\n\r\nthe secret body\r\n',
)
const unknown: Said = {
  code: 550,
  enhanced: '5.1.1',
  text: '<anna@example.com>: Recipient address rejected: User unknown',
  host: 'mx.example.com',
  stage: 'rcpt',
}
const bounce = (more: Partial<Bounce> = {}): Bounce => ({
  kind: 'failed',
  host: 'mail.example.org',
  id: '00ff',
  at: Date.UTC(2026, 10, 25, 10),
  to: 'ben@example.org',
  arrivedAt: Date.UTC(2026, 10, 25, 9),
  recipients: [{ recipient: 'anna@example.com', said: unknown, tries: 1 }],
  original,
  full: false,
  smtpUtf8: false,
  ...more,
})
const textOf = async (report: Uint8Array): Promise<string> => (await PostalMime.parse(report)).text ?? ''
const flat = (text: string): string => text.replaceAll(/\s+/g, ' ')

test('a failure says what happened, whose matter it is, what to do, and what the peer said', async () => {
  const report = writeBounce(bounce())
  const read = await PostalMime.parse(report)
  assert.equal(read.subject, 'Not delivered: Café minutes (anna@example.com)')
  assert.equal(read.from?.address, 'MAILER-DAEMON@mail.example.org')
  assert.equal(read.to?.[0]?.address, 'ben@example.org')
  assert.equal(read.inReplyTo, '<one@example.org>')
  assert.equal(read.headers.find(({ key }) => key === 'auto-submitted')?.value, 'auto-replied')
  const text = flat(read.text ?? '')
  for (const words of [
    'could not be delivered to one recipient',
    'There is no such address at example.com.',
    'Whose matter: This is about the address or mailbox',
    'What to do: Check the spelling',
    'mx.example.com answered: > 550 5.1.1 <anna@example.com>: Recipient address rejected: User > unknown',
    'we do not try again',
  ])
    assert.ok(text.includes(words), words)
})

test('the machine-readable part says the same', () => {
  const report = writeBounce(
    bounce({
      envid: 'QQ314',
      recipients: [{ recipient: 'anna@example.com', orcpt: 'rfc822;Anna@list.example', said: unknown, tries: 1 }],
    }),
  )
  assert.deepEqual(readDeliveryReport(report), {
    envelopeId: 'QQ314',
    reportingMta: 'mail.example.org',
    messageId: '<one@example.org>',
    recipients: [
      {
        finalRecipient: 'anna@example.com',
        originalRecipient: 'Anna@list.example',
        action: 'failed',
        status: '5.1.1',
        remoteMta: 'mx.example.com',
        diagnostic: `550 5.1.1 ${unknown.text}`,
      },
    ],
  })
})

test('RET=HDRS returns the head alone, RET=FULL the message octet for octet', () => {
  const brief = Buffer.from(writeBounce(bounce())).toString()
  assert.ok(brief.includes('Content-Type: text/rfc822-headers') && !brief.includes('secret body'))
  const whole = Buffer.from(writeBounce(bounce({ full: true })))
  assert.ok(whole.includes('Content-Type: message/rfc822') && whole.includes(original))
})

test('a message that is too large to return comes back as its head, and the text says so', async () => {
  const large = Buffer.concat([original, Buffer.alloc(1_100_000, `${'x'.repeat(70)}\r\n`)])
  const report = writeBounce(bounce({ original: large, full: true }))
  assert.ok(report.length < 10_000)
  assert.ok((await textOf(report)).includes('without its text'))
})

test('a delay says until when, and is not final', async () => {
  const said: Said = { code: 450, enhanced: '', text: 'Greylisted', host: 'mx.example.com', stage: 'rcpt' }
  const willRetryUntil = Date.UTC(2026, 10, 30, 9)
  const report = writeBounce(
    bounce({ kind: 'delayed', recipients: [{ recipient: 'anna@example.com', said, tries: 7, willRetryUntil }] }),
  )
  const text = flat(await textOf(report))
  assert.ok(text.includes('We have tried 7 times so far and go on until Mon, 30 Nov 2026 09:00:00 +0000.'), text)
  assert.ok(text.includes('You need not send it again'))
  assert.match(Buffer.from(report).toString(), /\r\nWill-Retry-Until: Mon, 30 Nov 2026 09:00:00 \+0000\r\n/)
  const [one] = readDeliveryReport(report)?.recipients ?? []
  assert.deepEqual([one?.action, one?.status], ['delayed', '4.7.1'])
})

test('what was tried in vain for days says how often and since when', async () => {
  const said: Said = {
    code: 0,
    enhanced: '4.4.1',
    text: 'connection timed out',
    host: 'mx.example.com',
    stage: 'connect',
  }
  const report = writeBounce(bounce({ recipients: [{ recipient: 'anna@example.com', said, tries: 31 }] }))
  const text = flat(await textOf(report))
  assert.ok(text.includes('could not be reached'))
  assert.ok(text.includes('We tried 31 times since Wed, 25 Nov 2026 09:00:00 +0000 and have given up.'))
  assert.ok(text.includes('What our mail server noted: > 4.4.1 connection timed out'))
  assert.match(Buffer.from(report).toString(), /\r\nDiagnostic-Code: x-postern; 4\.4\.1 connection timed out\r\n/)
  assert.doesNotMatch(Buffer.from(report).toString(), /Remote-MTA/)
})

test('a refusal for our sake names our server and not the sender as the cause', async () => {
  const said: Said = { ...unknown, enhanced: '5.7.1', text: 'Client host [192.0.2.1] blocked using zen.spamhaus.org' }
  const text = flat(await textOf(writeBounce(bounce({ recipients: [{ recipient: 'a@example.com', said, tries: 1 }] }))))
  assert.ok(text.includes('Our mail server mail.example.org stands on a list'))
  assert.ok(text.includes('you did nothing wrong'))
})

for (const [kind, action] of [
  ['delivered', 'delivered'],
  ['relayed', 'relayed'],
  ['expanded', 'expanded'],
] as const)
  test(`a confirmation: ${kind}`, () => {
    const report = writeBounce(bounce({ kind, recipients: [{ recipient: 'anna@example.com', tries: 1 }] }))
    const [one] = readDeliveryReport(report)?.recipients ?? []
    assert.equal(one?.action, action)
    assert.match(one?.status ?? '', /^2\./)
  })

test('addresses beyond ASCII go into the forms of RFC 6533', () => {
  const recipient = 'jürgen@bücher.example'
  const report = writeBounce(bounce({ smtpUtf8: true, recipients: [{ recipient, said: unknown, tries: 1 }] }))
  const text = Buffer.from(report).toString()
  assert.ok(text.includes('Content-Type: message/global-delivery-status'))
  assert.ok(text.includes('Content-Type: message/global-headers'))
  assert.ok(text.includes(`Final-Recipient: utf-8; ${recipient}`))
  assert.equal(readDeliveryReport(report)?.recipients[0]?.finalRecipient, recipient)
})

test('a head without a body, an empty one, and none at all are returned as they are', () => {
  for (const [octets, want] of [
    ['Subject: x', 'Subject: x\r\n'],
    ['Subject: x\r\n', 'Subject: x\r\n'],
    ['Subject: x\r\n\r\n', 'Subject: x\r\n'],
    ['\r\nbody', ''],
    ['', ''],
  ] as const) {
    const text = Buffer.from(writeBounce(bounce({ original: Buffer.from(octets) }))).toString()
    const at = text.indexOf('Content-Type: text/rfc822-headers')
    assert.equal(text.slice(text.indexOf('\r\n\r\n', at) + 4, text.lastIndexOf('\r\n--=_report')), want, octets)
  }
})

/** Any UTF-16, halves of characters too. */
const units = (maxLength: number): fc.Arbitrary<string> =>
  fc.array(fc.nat(0xffff), { maxLength }).map((codes) => String.fromCharCode(...codes))

const stages: readonly Stage[] = ['dns', 'connect', 'greeting', 'mail', 'rcpt', 'message']
const evil = fc.oneof(
  units(400),
  fc.string({
    unit: fc.constantFrom(
      '\r\n',
      '\n',
      '\r',
      '\0',
      ' ',
      'Bcc: x',
      '--=_report_00ff_0',
      'é',
      '😀',
      '\ud800',
      '\u202e',
      ';',
      '<',
      '>',
      'a',
    ),
    maxLength: 200,
  }),
  fc.constant('x'.repeat(5000)),
)

test('whatever a peer or an address holds, the report has our fields alone, and reads back', async () => {
  await fc.assert(
    fc.asyncProperty(
      evil,
      evil,
      evil,
      fc.constantFrom(...stages),
      fc.constantFrom(0, 450, 550),
      fc.boolean(),
      async (text, host, recipient, stage, code, smtpUtf8) => {
        const said: Said = { code, enhanced: code === 0 ? '5.1.2' : '', text, host, stage }
        const report = writeBounce(
          bounce({ recipients: [{ recipient, said, tries: 2, orcpt: `rfc822;${text}` }], envid: text, smtpUtf8 }),
        )
        const octets = Buffer.from(report)
        for (const line of octets.toString('latin1').split('\r\n'))
          assert.ok(line.length <= 998, `a line of ${line.length}`)
        assert.doesNotMatch(octets.toString('latin1').replaceAll('\r\n', ''), /[\r\n\0]/)
        const read = await PostalMime.parse(report)
        assert.deepEqual(
          read.headers.map(({ key }) => key),
          [
            'from',
            'to',
            'subject',
            'date',
            'message-id',
            'in-reply-to',
            'references',
            'auto-submitted',
            'mime-version',
            'content-type',
            ...(read.headers.some(({ key }) => key === 'content-transfer-encoding')
              ? ['content-transfer-encoding']
              : []),
          ],
        )
        const back = readDeliveryReport(report)
        assert.equal(back?.recipients.length, 1)
        assert.equal(back?.reportingMta, 'mail.example.org')
        assert.equal(back?.messageId, '<one@example.org>')
        const [one] = back?.recipients ?? []
        assert.equal(one?.action, 'failed')
        if (/^[\x21-\x3a\x3d\x3f-\x7e]{1,300}$/.test(recipient) && !smtpUtf8 && /^[\x20-\x7e]*$/.test(text))
          assert.equal(one?.finalRecipient, plainText(recipient, 330))
      },
    ),
    { numRuns: 150 },
  )
})
