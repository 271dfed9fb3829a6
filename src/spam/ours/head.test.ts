import { checkRows } from '../testing.ts'
import { headTests } from './head.ts'

const list = { 'List-Id': '<club.example.org>', 'List-Post': '<mailto:club@example.org>' }
const outlook = { 'X-Mailer': 'Microsoft Outlook Express 6.00.2600.0000' }

checkRows(headTests, [
  ['DATE_MISSING', { fields: { Date: undefined } }, {}],
  ['DATE_UNREADABLE', { fields: { Date: 'yesterday' } }, { fields: { Date: 'Wed, 25 Nov 2026 03:59:00 GMT (UTC)' } }],
  [
    'DATE_AHEAD',
    { fields: { Date: 'Wed, 25 Nov 2026 12:00:00 +0000' } },
    { fields: { Date: 'Wed, 25 Nov 2026 12:00:00 +0900' } },
  ],
  [
    'DATE_OLD',
    { fields: { Date: 'Fri, 20 Nov 2026 03:59:00 +0000' } },
    { fields: { Date: 'Sun, 22 Nov 2026 03:59:00 +0000' } },
  ],
  [
    'DATE_ODD_ZONE',
    { fields: { Date: 'Wed, 25 Nov 2026 03:59:00 -1900' } },
    { fields: { Date: 'Wed, 25 Nov 2026 09:44:00 +0545' } },
  ],
  ['MESSAGE_ID_MISSING', { fields: { 'Message-ID': undefined } }, {}],
  ['MESSAGE_ID_ODD', { fields: { 'Message-ID': '<0123>' } }, { fields: { 'Message-ID': '<0123@a>' } }],
  [
    'MESSAGE_ID_OURS',
    { fields: { 'Message-ID': '<1@mx.example.org>' }, history: { ownDomains: ['example.org'] } },
    { fields: { 'Message-ID': '<1@mx.notexample.org>' }, history: { ownDomains: ['example.org'] } },
  ],
  ['SUBJECT_MISSING', { fields: { Subject: ' ' } }, { fields: { Subject: '.' } }],
  ['SUBJECT_CAPS', { fields: { Subject: 'WINTER SALE NOW' } }, { fields: { Subject: 'RFC 5322 AND UTF-8' } }],
  ['SUBJECT_SHOUTS', { fields: { Subject: 'Only today!!' } }, { fields: { Subject: 'Only today!' } }],
  ['SUBJECT_GAPS', { fields: { Subject: 'buy v i a g r a now' } }, { fields: { Subject: 'plan A or B or C' } }],
  ['SUBJECT_TAIL', { fields: { Subject: 'Hello          xkqzv' } }, { fields: { Subject: 'Hello xkqzv' } }],
  ['SUBJECT_RAW', { fields: { Subject: 'Grüße' } }, { fields: { Subject: '=?utf-8?q?Gr=C3=BC=C3=9Fe?=' } }],
  [
    'SUBJECT_HIDES',
    { fields: { Subject: '=?utf-8?B?VmVyaWZ5IG5vdyBwbGVhc2U=?=' } },
    { fields: { Subject: '=?utf-8?B?R3LDvMOfZSBhdXMgTcO8bmNoZW4=?=' } },
  ],
  ['REPLY_TRUE', { fields: { 'In-Reply-To': '<1@example.org>' } }, { fields: { Subject: 'Re: Minutes' } }],
  ['LIST_POST', { fields: list }, { fields: { 'List-Id': '<club.example.org>' } }],
  [
    'UNSUBSCRIBE_ONE_CLICK',
    {
      fields: {
        'List-Unsubscribe': '<https://example.com/u>',
        'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click',
      },
    },
    { fields: { 'List-Unsubscribe': '<https://example.com/u>' } },
  ],
  ['BULK_NO_WAY_OUT', { fields: { Precedence: 'bulk' } }, { fields: { Precedence: 'bulk', ...list } }],
  ['PRIORITY_HIGH', { fields: { 'X-Priority': '1 (Highest)' } }, { fields: { 'X-Priority': '3 (Normal)' } }],
  ['OUTLOOK_FALSE', { fields: outlook }, { fields: { ...outlook, 'X-MimeOLE': 'Produced By Microsoft MimeOLE' } }],
  [
    'MAILER_BULK',
    { fields: { 'X-Mailer': 'Advanced Mass Sender v3.1' } },
    { fields: { 'X-Mailer': 'Massimo Mail 1.0' } },
  ],
  [
    'HEADER_RAW',
    { fields: { From: 'Jürgen <j@example.com>' } },
    { fields: { From: '=?utf-8?q?J=C3=BC?= <j@example.com>' } },
  ],
  ['HEADER_BROKEN', { fields: { 'X-Long': 'x'.repeat(9000) } }, { fields: { 'X-Long': 'x'.repeat(7000) } }],
  [
    'HEADER_TWICE',
    { fields: { From: ['a@example.com', 'b@example.com'] } },
    { fields: { Received: ['from a by b; x', 'from c by a; x'] } },
  ],
  [
    'MIME_BROKEN',
    { fields: { 'Content-Type': 'multipart/mixed; boundary=q' }, body: '--q\nno field here\n\ntext\n--q--\n' },
    {
      fields: { 'Content-Type': 'multipart/mixed; boundary=q' },
      body: '--q\nContent-Type: text/plain\n\ntext\n--q--\n',
    },
  ],
])
