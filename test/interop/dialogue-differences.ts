/** Data: dialogues that Dovecot 2.3 cannot play, and where it answers otherwise than we do. docs/quirks.md tells of those that are not only a matter of what it lacks. */

/** Dialogues that are not played to Dovecot, and why. */
export const notPlayed: Readonly<Record<string, string | undefined>> = {
  acl: 'its accounts share no mailboxes here',
  condstore: 'the numbers in it are our mod-sequences',
  enable: 'it has no IMAP4rev2, UTF8=ACCEPT and OBJECTID',
  fuzzy: 'it has no index for fuzzy searches here',
  idle: 'it tells of changes by a clock of its own',
  limits: 'its limits are others',
  login: 'its accounts are others',
  multisearch: 'it has no MULTISEARCH',
  notify: 'it tells of changes by a clock of its own',
  objectid: 'it has no OBJECTID',
  pipeline: 'the commands are of one piece, and so are our answers',
  qresync: 'the numbers in it are our mod-sequences',
  quota: 'its accounts have no quota here',
  replace: 'it has no REPLACE',
  uidonly: 'it has no UIDONLY',
  utf8: 'it has no UTF8=ACCEPT',
}

type Difference = { readonly command: string; readonly mine: readonly string[]; readonly peer: readonly string[] }
type Explanation = { readonly name: string; readonly fits: (dialogue: string, difference: Difference) => boolean }

const ends = (lines: readonly string[]): readonly string[] => lines.filter((line) => !line.startsWith('* '))
const told = (lines: readonly string[]): readonly string[] => lines.filter((line) => line.startsWith('* '))

/** Commands by the beginning of what is said, the dialogue before them. */
const said =
  (...starts: readonly string[]) =>
  (dialogue: string, { command }: Difference): boolean =>
    starts.some((start) => `${dialogue} ${command}`.startsWith(start))

/** Whether all that differs is told by both but for pieces that `without` takes out. */
const sameBut =
  (without: RegExp) =>
  (_: string, { mine, peer }: Difference): boolean =>
    JSON.stringify(mine.map((line) => line.replace(without, ''))) ===
    JSON.stringify(peer.map((line) => line.replace(without, '')))

const words = (line: string): string => line.split(' ').sort().join(' ')
const ordered = (lines: readonly string[]): string => lines.map(words).join()

/** Where a dialogue is given up, because its limits are ours, or because Dovecot hangs up. */
export const playedTo: Readonly<Record<string, string | undefined>> = {
  append: 'b5 ',
  binary: 'b8 ',
  catenate: 'b4 ',
  esearch: 'e2 ',
  mailboxes: 'c22 ',
  select: 'd1 ',
}

/** In the order of docs/quirks.md, as far as they stand there. */
export const explanations: readonly Explanation[] = [
  {
    name: 'an extension that it lacks',
    fits: (_, { mine, peer }) => ends(peer).join() === 'BAD' && told(peer).length === 0 && mine.length > 0,
  },
  {
    name: 'another code for the same refusal',
    fits: (_, { mine, peer }) => [...mine, ...peer].every((line) => line.startsWith('NO')),
  },
  { name: 'a date of now', fits: sameBut(/ ?internaldate "[^"]*"/) },
  { name: 'the order of data', fits: (_, { mine, peer }) => ordered(mine) === ordered(peer) },
  {
    name: 'BAD of a literal that it did not wait for',
    fits: (_, { mine, peer }) => mine.length === 0 && peer.every((line) => line.startsWith('* bad error in imap')),
  },
  {
    name: 'what vanished is not searched, fetched or stored any more',
    fits: said('expunge a1 ', 'expunge a2 ', 'expunge a4 ', 'store b7 ', 'store b8 '),
  },
  { name: 'a mailbox that is open to read is not changed', fits: said('copy-move c', 'select a5 ') },
  { name: 'arguments of commands that have none', fits: said('basics a8 ', 'expunge a8 ') },
  { name: 'STORE without flags', fits: said('store b2 ') },
  { name: 'a day that there is not', fits: said('search-keys f3 ') },
  { name: 'what it has of an answer before the NO', fits: said('binary a3 ', 'binary a9 ', 'binary b3 ') },
  { name: 'BINARY.SIZE of what it would have to decode', fits: said('binary a6 ') },
  { name: 'the line end before a boundary', fits: said('body a5 ', 'body a8 ', 'body d6 ', 'body d7 ') },
  { name: 'the part below a text', fits: said('body b6 ') },
  { name: 'field names as they were quoted', fits: said('body b9 ') },
  { name: 'a namespace of other users', fits: said('basics a6 ', 'mailboxes b2 ') },
  { name: 'INBOX is there and subscribed', fits: said('mailboxes a1 ', 'list c2 ', 'list c3 ', 'list c5 ', 'list d') },
  { name: 'special uses', fits: said('list ') },
  {
    name: 'levels above a mailbox are mailboxes',
    fits: said('mailboxes a7 ', 'mailboxes b6 ', 'mailboxes b7 ', 'mailboxes c2 '),
  },
  { name: 'wildcards in names', fits: said('mailboxes a8 ') },
  { name: 'more live searches', fits: said('context ') },
  { name: 'the place in an order', fits: said('sort d6 ') },
  { name: 'limits of metadata', fits: said('metadata b1 ', 'metadata b3 ') },
  { name: 'metadata of the server, and binary values', fits: said('metadata b8 ', 'metadata b9 ', 'metadata c') },
  { name: 'mod-sequences after STATUS HIGHESTMODSEQ', fits: said('status a9 ') },
  { name: 'BYE and hanging up', fits: said('basics b2 ') },
]

/** @returns the name of what explains a difference. */
export const explanationOf = (dialogue: string, difference: Difference): string | undefined =>
  explanations.find(({ fits }) => fits(dialogue, difference))?.name
