/** The readers of all arguments: what clients write, what is BAD, and that nothing throws whatever comes. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import * as extras from './extras.ts'
import * as fetch from './fetch.ts'
import * as mailbox from './mailbox.ts'
import type { Literal } from './reader.ts'
import * as search from './search.ts'
import { type Cursor, readWhole } from './syntax.ts'

type Piece = string | Literal
const kept = (text: string): Literal => ({ bytes: Buffer.from(text, 'latin1'), streamed: 0, binary: false })
const streamed = (size: number): Literal => ({ bytes: new Uint8Array(0), streamed: size, binary: false })
const read = <T>(reader: (c: Cursor) => T, pieces: readonly Piece[]) =>
  readWhole({ tag: 'a', verb: 'X', pieces }, reader)
const value = <T>(reader: (c: Cursor) => T, ...pieces: Piece[]): T => {
  const found = read(reader, pieces)
  assert.ok(found.ok, found.ok ? '' : found.error)
  return found.value
}

const readers = {
  select: mailbox.readSelect,
  create: mailbox.readCreate,
  status: mailbox.readStatus,
  list: mailbox.readList,
  lsub: mailbox.readLsub,
  rename: mailbox.readTwo,
  append: mailbox.readAppend(false, 3),
  replace: mailbox.readAppend(true, 3),
  fetch: fetch.readFetch,
  store: fetch.readStore,
  copy: fetch.readCopy,
  uids: fetch.readUids,
  search: search.readSearch,
  sort: search.readSort,
  thread: search.readThread,
  esearch: search.readEsearch,
  tags: search.readTags,
  login: extras.readLogin,
  authenticate: extras.readAuthenticate,
  id: extras.readId,
  enable: extras.readEnable,
  setquota: extras.readSetQuota,
  setacl: extras.readSetAcl,
  getmetadata: extras.readGetMetadata,
  setmetadata: extras.readSetMetadata,
  notify: extras.readNotify,
  nothing: mailbox.readNothing,
} as const satisfies Readonly<Record<string, (c: Cursor) => unknown>>
type Name = keyof typeof readers

const bad: readonly (readonly [Name, string])[] = [
  ['nothing', ' x'],
  ['select', ''],
  ['select', ' a b'],
  ['select', ' a (FOO)'],
  ['select', ' a (QRESYNC (0 1))'],
  ['select', ' a (QRESYNC (1))'],
  ['select', ' a ()'],
  ['create', ' a (USE \\Sent)'],
  ['create', ' a (FOO (x))'],
  ['status', ' a ()'],
  ['status', ' a (FOO)'],
  ['status', ' a MESSAGES'],
  ['list', ' ""'],
  ['list', ' (FOO) "" "*"'],
  ['list', ' (RECURSIVEMATCH) "" "*"'],
  ['list', ' "" "*" RETURN (FOO)'],
  ['list', ' "" "*" RETURN'],
  ['list', ' "" "*" (CHILDREN)'],
  ['list', ' "" ()'],
  ['rename', ' a'],
  ['append', ' a'],
  ['append', ' a (\\Seen)'],
  ['append', ' a (\\Recent) "x"'],
  ['append', ' a "32-Jan-2020 00:00:00 +0000"'],
  ['fetch', ' 1'],
  ['fetch', ' 1 ()'],
  ['fetch', ' 1 FOO'],
  ['fetch', ' 0 FLAGS'],
  ['fetch', ' 1 (ALL)'],
  ['fetch', ' 1 BODY[MIME]'],
  ['fetch', ' 1 BODY[0]'],
  ['fetch', ' 1 BODY[HEADER.FIELDS]'],
  ['fetch', ' 1 BODY[HEADER.FIELDS ()]'],
  ['fetch', ' 1 BODY[FOO]'],
  ['fetch', ' 1 BODY[1'],
  ['fetch', ' 1 BODY[]<1>'],
  ['fetch', ' 1 BODY[]<0.0>'],
  ['fetch', ' 1 FLAGS (FOO)'],
  ['fetch', ' 1 FLAGS (PARTIAL -1:2)'],
  ['fetch', ` 1 BODY[${'1.'.repeat(201)}1]`],
  ['store', ' 1 FLAGS'],
  ['store', ' 1 FOO (\\Seen)'],
  ['store', ' 1 +FLAGS (\\Recent)'],
  ['store', ' 1 +FLAGS (\\Foo)'],
  ['store', ' 1 (FOO 1) FLAGS ()'],
  ['copy', ' 1'],
  ['search', ''],
  ['search', ' FOO'],
  ['search', ' ()'],
  ['search', ' NOT'],
  ['search', ' OR SEEN'],
  ['search', ' BEFORE yesterday'],
  ['search', ' BEFORE 32-Jan-2020'],
  ['search', ' LARGER -1'],
  ['search', ' OLDER 0'],
  ['search', ' RETURN (FOO) ALL'],
  ['search', ' RETURN (ALL PARTIAL 1:2) ALL'],
  ['search', ` ${'('.repeat(100)}SEEN${')'.repeat(100)}`],
  ['search', ` ${'NOT '.repeat(100)}SEEN`],
  ['search', ' SEEN'.repeat(1002)],
  ['sort', ' () UTF-8 ALL'],
  ['sort', ' (FOO) UTF-8 ALL'],
  ['sort', ' (DATE) UTF-8'],
  ['thread', ' FOO UTF-8 ALL'],
  ['esearch', ' IN (selected-delayed) ALL'],
  ['esearch', ' IN (foo) ALL'],
  ['login', ' a'],
  ['authenticate', ''],
  ['authenticate', ' PLAIN a b'],
  ['id', ''],
  ['id', ' ("a")'],
  ['id', ` (${'"a" "b" '.repeat(30)}"a" "b")`],
  ['enable', ''],
  ['getmetadata', ' a /foo/bar'],
  ['getmetadata', ' a /private/'],
  ['getmetadata', ' (FOO 1) a /private/x'],
  ['setmetadata', ' a (/private/x)'],
  ['setmetadata', ' a (/private/a*b "x")'],
  ['notify', ''],
  ['notify', ' SET'],
  ['notify', ' SET (selected (MessageNew))'],
  ['notify', ' SET (selected (FlagChange))'],
  ['notify', ' SET (selected NONE) (selected-delayed NONE)'],
  ['notify', ' SET (foo NONE)'],
]
for (const [name, text] of bad)
  test(`BAD: ${name}${text.slice(0, 60)}`, () => assert.equal(read<unknown>(readers[name], [text]).ok, false))

test('SELECT with QRESYNC', () => {
  assert.deepEqual(value(mailbox.readSelect, ' INBOX (QRESYNC (67890007 20050715194045000 41,43:211 (1:3 7,8,9)))'), {
    mailbox: 'INBOX',
    condstore: true,
    qresync: {
      uidValidity: 67890007,
      modSeq: Number.MAX_SAFE_INTEGER,
      known: [
        [41, 41],
        [43, 211],
      ],
      match: [
        [[1, 3]],
        [
          [7, 7],
          [8, 8],
          [9, 9],
        ],
      ],
    },
  })
  assert.deepEqual(value(mailbox.readSelect, ' ', kept('My Mail'), ' (CONDSTORE)'), {
    mailbox: 'My Mail',
    condstore: true,
  })
})

test('LIST in its forms', () => {
  const plain = value(mailbox.readList, ' "" %')
  assert.deepEqual([plain.reference, plain.patterns, plain.extended], ['', ['%'], false])
  const full = value(
    mailbox.readList,
    ' (SUBSCRIBED RECURSIVEMATCH) "x/" ("*" a%) RETURN (CHILDREN STATUS (MESSAGES UNSEEN) SPECIAL-USE MYRIGHTS METADATA ("/shared/comment"))',
  )
  assert.deepEqual(full.patterns, ['*', 'a%'])
  assert.deepEqual(full.only, { subscribed: true, specialUse: false, recursiveMatch: true })
  assert.deepEqual(full.give, {
    subscribed: false,
    children: true,
    specialUse: true,
    myRights: true,
    status: ['MESSAGES', 'UNSEEN'],
    metadata: ['/shared/comment'],
  })
  assert.equal(value(mailbox.readList, ' () "" "*"').extended, true)
  assert.equal(value(mailbox.readList, ' "" "*" RETURN ()').extended, true)
})

test('CREATE with a use', () => {
  assert.deepEqual(value(mailbox.readCreate, ' a (USE (\\Sent \\DRAFTS))'), { mailbox: 'a', uses: ['sent', 'drafts'] })
})

test('APPEND of several messages', () => {
  const read = value(
    mailbox.readAppend(false, 3),
    ' "a b" (\\seen $Forwarded) " 7-Feb-1994 21:52:25 -0800" ',
    streamed(10),
    ' ',
    streamed(3),
    ' CATENATE (URL "/INBOX/;UID=1" TEXT ',
    streamed(7),
    ')',
  )
  assert.deepEqual(read.messages, [
    {
      flags: ['\\Seen', '$Forwarded'],
      date: Date.UTC(1994, 1, 8, 5, 52, 25),
      parts: [{ literal: 10 }],
      catenate: false,
      utf8: false,
      binary: false,
    },
    { flags: [], parts: [{ literal: 3 }], catenate: false, utf8: false, binary: false },
    { flags: [], parts: [{ url: '/INBOX/;UID=1' }, { literal: 7 }], catenate: true, utf8: false, binary: false },
  ])
  assert.equal(readWholeError(mailbox.readAppend(false, 1), [' a ', streamed(1), ' ', streamed(1), '']), true)
})
const readWholeError = <T>(reader: (c: Cursor) => T, pieces: readonly Piece[]): boolean => !read(reader, pieces).ok

test('an APPEND that is under way knows what its next literal is', () => {
  const sofar = (...pieces: Piece[]) => value(mailbox.readAppendSoFar(false, 3), ...pieces).expects
  assert.equal(sofar(' '), 'name')
  assert.equal(sofar(' INBOX '), 'message')
  assert.equal(sofar(' INBOX (\\Seen) '), 'message')
  assert.equal(sofar(' INBOX ', streamed(3), ' CATENATE (TEXT '), 'message')
  assert.equal(sofar(' INBOX UTF8 ('), 'message')
  assert.equal(readWholeError(mailbox.readAppendSoFar(false, 3), [' INBOX FOO']), true)
})

test('REPLACE names the message first', () => {
  const read = value(mailbox.readAppend(true, 3), ' 4 Drafts (\\Draft) ', streamed(5), '')
  assert.deepEqual([read.replaces, read.mailbox, read.messages.length], [4, 'Drafts', 1])
})

test('FETCH items and their labels', () => {
  const labels = (text: string) =>
    value(fetch.readFetch, text).items.map((item) => ('label' in item ? item.label : item.item))
  assert.deepEqual(labels(' 1 ALL'), ['FLAGS', 'INTERNALDATE', 'RFC822.SIZE', 'ENVELOPE'])
  assert.deepEqual(labels(' 1 fast'), ['FLAGS', 'INTERNALDATE', 'RFC822.SIZE'])
  assert.deepEqual(labels(' 1 FULL'), ['FLAGS', 'INTERNALDATE', 'RFC822.SIZE', 'ENVELOPE', 'BODY'])
  assert.deepEqual(labels(' 1 (BODY BODYSTRUCTURE body.peek[1.2.mime]<5.10> BODY[] RFC822.HEADER)'), [
    'BODY',
    'BODYSTRUCTURE',
    'BODY[1.2.MIME]<5>',
    'BODY[]',
    'RFC822.HEADER',
  ])
  assert.deepEqual(
    labels(' 1 (BODY[HEADER.FIELDS (From "To" X])] BINARY.SIZE[2] BINARY.PEEK[1]<0.9> PREVIEW (LAZY))'),
    ['BODY[HEADER.FIELDS (From To "X]")]', 'BINARY.SIZE[2]', 'BINARY[1]<0>', 'PREVIEW'],
  )
  const literal = value(fetch.readFetch, ' 1 BODY[1.HEADER.FIELDS.NOT (', kept('Received'), ')]')
  assert.deepEqual(literal.items[0], {
    item: 'section',
    label: 'BODY[1.HEADER.FIELDS.NOT (Received)]',
    peek: false,
    section: { path: [1], what: 'HEADER.FIELDS.NOT', fields: ['Received'] },
  })
})

test('FETCH modifiers', () => {
  const read = value(fetch.readFetch, ' 1:* (FLAGS) (CHANGEDSINCE 12345 VANISHED PARTIAL -1:-30)')
  assert.deepEqual(
    [read.changedSince, read.vanished, read.partial],
    [12345, true, { first: -1, last: -30, label: '-1:-30' }],
  )
})

test('STORE in its forms', () => {
  assert.deepEqual(value(fetch.readStore, ' 1 +FLAGS.SILENT (\\DELETED $Junk)'), {
    set: { saved: false, ranges: [[1, 1]] },
    how: 'add',
    silent: true,
    flags: ['\\Deleted', '$Junk'],
  })
  assert.deepEqual(value(fetch.readStore, ' $ (UNCHANGEDSINCE 5) -FLAGS \\Seen \\Draft'), {
    set: { saved: true },
    unchangedSince: 5,
    how: 'remove',
    silent: false,
    flags: ['\\Seen', '\\Draft'],
  })
  assert.deepEqual(value(fetch.readStore, ' 1 FLAGS ()').flags, [])
})

test('SEARCH keys', () => {
  const key = (text: string) => value(search.readSearch, ` ${text}`).key
  assert.deepEqual(key('UNSEEN'), { not: { flag: '\\Seen' } })
  assert.deepEqual(key('(SEEN OR FROM a NOT (TO b CC c))'), {
    and: [
      { flag: '\\Seen' },
      {
        or: [
          { header: 'from', contains: 'a' },
          {
            not: {
              and: [
                { header: 'to', contains: 'b' },
                { header: 'cc', contains: 'c' },
              ],
            },
          },
        ],
      },
    ],
  })
  assert.deepEqual(key('SINCE 1-Feb-1994'), { date: 'internal', is: 'since', day: '1994-02-01' })
  assert.deepEqual(key('SENTBEFORE "11-Dec-2020"'), { date: 'sent', is: 'before', day: '2020-12-11' })
  assert.deepEqual(key('HEADER X-Spam ""'), { header: 'x-spam', contains: '' })
  assert.deepEqual(key('MODSEQ "/flags/\\\\draft" all 620162338'), { modSeqFrom: 620162338 })
  assert.deepEqual(key('UID $'), { uidRanges: { saved: true } })
  assert.deepEqual(key('FUZZY BODY "x y"'), { fuzzy: { body: 'x y' } })
  assert.deepEqual(key('KEYWORD $Junk 2:4'), {
    and: [{ flag: '$Junk' }, { numbers: { saved: false, ranges: [[2, 4]] } }],
  })
  const utf8 = value(search.readSearch, ' CHARSET utf-8 SUBJECT ', kept('\xc3\xbc'), '')
  assert.deepEqual(utf8, { returns: undefined, charset: 'UTF-8', key: { header: 'subject', contains: 'ü' } })
})

test('RETURN options', () => {
  const returns = (text: string) => {
    const found = value(search.readSearch, ` RETURN ${text} ALL`).returns
    return Object.entries(found ?? {}).flatMap(([name, on]) => (on === false ? [] : [name]))
  }
  assert.deepEqual(returns('()'), ['all'])
  assert.deepEqual(returns('(MIN MAX)'), ['min', 'max'])
  assert.deepEqual(returns('(SAVE)'), ['save'])
  assert.deepEqual(returns('(UPDATE)'), ['update'])
  assert.deepEqual(returns('(PARTIAL 1:500 COUNT CONTEXT)'), ['count', 'partial'])
  assert.equal(value(search.readSearch, ' ALL').returns, undefined)
})

test('SORT, THREAD and ESEARCH', () => {
  const sort = value(search.readSort, ' RETURN (COUNT) (SUBJECT REVERSE DATE) UTF-8 ALL')
  assert.deepEqual(sort.rules, [
    { key: 'subject', reverse: false },
    { key: 'date', reverse: true },
  ])
  assert.equal(value(search.readThread, ' REFERENCES UTF-8 SEEN').by, 'references')
  const many = value(search.readEsearch, ' IN (mailboxes ("a" b) subtree c) RETURN (COUNT) UNSEEN')
  assert.deepEqual(many.sources, [
    { which: 'mailboxes', names: ['a', 'b'] },
    { which: 'subtree', names: ['c'] },
  ])
})

test('the smaller ones', () => {
  assert.deepEqual(value(extras.readLogin, ' ', kept('a b'), ' "s\\"e"'), { user: 'a b', password: 's"e' })
  assert.deepEqual(value(extras.readAuthenticate, ' PLAIN ='), { mechanism: 'PLAIN', initial: '=' })
  assert.deepEqual(value(extras.readId, ' NIL'), [])
  assert.deepEqual(value(extras.readId, ' ("name" "x" "os" NIL)'), [
    ['name', 'x'],
    ['os', null],
  ])
  assert.deepEqual(value(extras.readEnable, ' condstore X'), ['CONDSTORE', 'X'])
  assert.deepEqual(value(extras.readSetAcl, ' INBOX bob +lrs'), {
    mailbox: 'INBOX',
    who: 'bob',
    how: '+',
    rights: 'lrs',
  })
  assert.deepEqual(value(extras.readGetMetadata, ' (MAXSIZE 10 DEPTH infinity) "" (/shared/comment /PRIVATE/x)'), {
    mailbox: '',
    entries: ['/shared/comment', '/private/x'],
    maxSize: 10,
    depth: Number.POSITIVE_INFINITY,
  })
  assert.deepEqual(value(extras.readSetMetadata, ' a (/private/x NIL /shared/y "z")').entries, [
    { name: '/private/x', value: null },
    { name: '/shared/y', value: Buffer.from('z') },
  ])
  assert.equal(value(extras.readNotify, ' NONE'), null)
  const set = value(
    extras.readNotify,
    ' SET STATUS (selected (MessageNew (UID FLAGS) MessageExpunge FlagChange)) (personal (MailboxName Odd)) (inboxes NONE)',
  )
  assert.equal(set?.status, true)
  assert.deepEqual(
    set?.groups.map(({ mailboxes, events, unknown, fetch: items }) => [
      mailboxes.which,
      events.length,
      unknown,
      items.length,
    ]),
    [
      ['selected', 3, [], 2],
      ['personal', 1, ['ODD'], 0],
      ['inboxes', 0, [], 0],
    ],
  )
})

test('a section of a URL', () => {
  assert.deepEqual(fetch.readSection('1.2.MIME'), { path: [1, 2], what: 'MIME', fields: [] })
  assert.equal(fetch.readSection('1.FOO'), undefined)
})

const token = fc.constantFrom(
  ' ',
  '(',
  ')',
  '"',
  '""',
  '"a"',
  '{3}',
  '*',
  '%',
  '1',
  '1:*',
  '$',
  ',',
  '\\Seen',
  'INBOX',
  'FLAGS',
  'BODY[',
  ']',
  '<',
  '.',
  '>',
  'RETURN',
  'NOT',
  'OR',
  'ALL',
  'SET',
  'selected',
  'CATENATE',
  'TEXT',
  'URL',
  'QRESYNC',
  '/private/x',
  '\\',
  '\0',
  '\xff',
)
test('whatever comes, the readers give a Result', () => {
  const piece = fc.oneof(
    { weight: 6, arbitrary: fc.array(token, { maxLength: 10 }).map((tokens) => tokens.join('')) },
    { weight: 1, arbitrary: fc.constantFrom<Piece>(kept('x'), kept('\0'), streamed(3)) },
  )
  const names = fc.constantFrom(...(Object.keys(readers) as Name[]))
  fc.assert(
    fc.property(names, fc.array(piece, { maxLength: 4 }), (name, pieces) => {
      const found = read<unknown>(readers[name], [' ', ...pieces, ''])
      assert.ok(found.ok || (found.error.length > 0 && !/[\r\n]/.test(found.error)))
    }),
    { numRuns: 1000 },
  )
})
