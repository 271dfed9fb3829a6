import { type Case, checkRows } from '../testing.ts'
import { senderTests } from './sender.ts'

const from = (text: string): Case => ({ fields: { From: text } })
const friend = { correspondents: [{ name: 'Carla Example', address: 'carla@friends.example' }] }
const own = { ownDomains: ['example.org'] }
const pass = { dmarc: { result: 'pass' } }

checkRows(senderTests, [
  ['FROM_MISSING', { fields: { From: undefined } }, from('<anna@example.com>')],
  ['FROM_DIGITS', from('<jw83726194@example.com>'), from('<anna1975@example.com>')],
  [
    'FROM_NAME_HIDES_ADDRESS',
    from('"service@bank.example" <x@evil.test>'),
    from('"service@mail.bank.example" <x@bank.example>'),
  ],
  ['FROM_BRAND', from('PayPal Service <x@evil.test>'), from('PayPal Service <x@mail.paypal.com>')],
  [
    'FROM_FRIEND_NAME',
    { ...from('Carla  Example <c@evil.test>'), history: friend },
    { ...from('Carla Example <carla@friends.example>'), history: friend },
  ],
  [
    'FROM_LOOKALIKE',
    { ...from('<x@gmai1.com>'), history: { correspondents: [{ name: '', address: 'anna@gmail.com' }] } },
    { ...from('<x@ymail.com>'), history: { correspondents: [{ name: '', address: 'anna@gmail.com' }] } },
  ],
  ['FROM_LOOKALIKE', { ...from('<x@examp1e.org>'), history: own }, { ...from('<x@mail.example.org>'), history: own }],
  [
    'FROM_MIXED_SCRIPT',
    from('=?utf-8?q?P=D0=B0ypal?= <x@evil.test>'),
    from('=?utf-8?b?0JDQvdC90LA=?= <anna@example.com>'),
  ],
  ['FROM_PUNYCODE', from('<x@xn--bcher-kva.example>'), from('<x@bcher-xn--.example>')],
  [
    'FROM_OURS_UNPROVEN',
    { ...from('<boss@example.org>'), history: own, envelope: {}, wire: { spf: { result: 'fail' } } },
    { ...from('<boss@example.org>'), history: own, envelope: { authenticated: true } },
  ],
  [
    'FROM_TO_SAME',
    { fields: { From: 'ben@example.org', To: 'ben@example.org' } },
    { fields: { From: 'ben@example.org', To: 'eben@example.org.invalid' } },
  ],
  [
    'REPLY_TO_FREEMAIL',
    { fields: { 'Reply-To': 'prince@gmail.com' } },
    { fields: { From: 'x@gmail.com', 'Reply-To': 'x@gmail.com' } },
  ],
  ['REPLY_TO_ELSEWHERE', { fields: { 'Reply-To': 'x@other.test' } }, { fields: { 'Reply-To': 'x@mail.example.com' } }],
  ['TO_NOBODY', { fields: { To: 'undisclosed-recipients:;' } }, {}],
  [
    'TO_SORTED',
    { fields: { To: 'aa@x.org, ab@x.org, ac@x.org, ad@x.org, ae@x.org, af@x.org' } },
    { fields: { To: 'zoe@x.org, ab@x.org, ac@x.org, ad@x.org, ae@x.org, af@x.org' } },
  ],
  ['FROM_KNOWN', { history: { knownCorrespondent: true }, wire: pass }, { history: { knownCorrespondent: true } }],
  [
    'FROM_KNOWN_UNPROVEN',
    { history: { knownCorrespondent: true } },
    { history: { knownCorrespondent: true }, wire: pass },
  ],
  [
    'FROM_FIRST_TIME',
    { history: { firstTimeSender: true } },
    { history: { firstTimeSender: true, knownCorrespondent: true } },
  ],
  ['SENDER_HISTORY', { history: { senderScore: -2 } }, { history: { senderScore: 0 } }],
  ['NETWORK_HISTORY', { history: { networkScore: 2 } }, { history: { networkScore: 0 } }],
])
