/** The arguments of IMAP commands: no text makes a reader throw, and a complaint is one line. */
import assert from 'node:assert/strict'
import * as extras from '../src/wire/imap/extras.ts'
import * as fetch from '../src/wire/imap/fetch.ts'
import * as mailbox from '../src/wire/imap/mailbox.ts'
import * as search from '../src/wire/imap/search.ts'
import { type Cursor, readWhole } from '../src/wire/imap/syntax.ts'
import type { FuzzTarget } from './target.ts'

const readers: readonly ((c: Cursor) => unknown)[] = [
  mailbox.readSelect,
  mailbox.readCreate,
  mailbox.readStatus,
  mailbox.readList,
  mailbox.readLsub,
  mailbox.readAppend(false, 5),
  mailbox.readAppendSoFar(false, 5),
  mailbox.readAppend(true, 5),
  fetch.readFetch,
  fetch.readStore,
  fetch.readCopy,
  search.readSearch,
  search.readSort,
  search.readThread,
  search.readEsearch,
  search.readTags,
  extras.readLogin,
  extras.readAuthenticate,
  extras.readId,
  extras.readEnable,
  extras.readSetQuota,
  extras.readSetAcl,
  extras.readGetMetadata,
  extras.readSetMetadata,
  extras.readNotify,
]

/** `\x01` in the input stands for a literal, so that the fuzzer can place them. */
const pieces = (text: string) =>
  text
    .split(/(\x01)/)
    .map((piece) => (piece === '\x01' ? { bytes: Buffer.from('lit'), streamed: 0, binary: false } : piece))

export const target: FuzzTarget = {
  name: 'imap-arguments',
  seeds: () =>
    [
      ' INBOX (QRESYNC (1 2 3:4 (1:2 3:4)))',
      ' (SUBSCRIBED RECURSIVEMATCH) "" ("*" %) RETURN (STATUS (MESSAGES) CHILDREN METADATA (/shared/x))',
      ' INBOX (\\Seen) "17-Jul-1996 02:44:25 -0700" \x01',
      ' INBOX CATENATE (URL "/x;UID=1" TEXT \x01) UTF8 (\x01)',
      ' 1:*,$ (FLAGS BODY.PEEK[1.2.HEADER.FIELDS (From \x01)]<0.10> BINARY.SIZE[1]) (CHANGEDSINCE 1 VANISHED)',
      ' 1 (UNCHANGEDSINCE 5) +FLAGS.SILENT (\\Seen $x)',
      ' RETURN (MIN PARTIAL 1:5 SAVE) CHARSET UTF-8 OR (NOT SEEN 1:3) SINCE 1-Feb-2020 HEADER X \x01',
      ' (REVERSE DATE SUBJECT) UTF-8 ALL',
      ' IN (mailboxes ("a" b) subtree c) RETURN (COUNT) UNSEEN',
      ' ("name" "x" "y" NIL)',
      ' (MAXSIZE 5 DEPTH infinity) "" (/private/a /shared/b)',
      ' a (/private/x NIL /shared/y \x01)',
      ' SET STATUS (selected (MessageNew (UID) MessageExpunge)) (subtree (a b) NONE)',
    ].map((text) => Buffer.from(text, 'latin1')),
  run: (input) => {
    const text = Buffer.from(input).toString('latin1')
    for (const reader of readers) {
      const read = readWhole({ tag: 'a', verb: 'X', pieces: [...pieces(text), ''] }, reader)
      assert.ok(read.ok || /^[^\r\n]+$/.test(read.error))
    }
  },
}
