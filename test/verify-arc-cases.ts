/**
 * Data: ARC chains and what RFC 8617 makes of them, one rule a row: for our validator and for others beside it. Rows follow the RFC's sections: structure (4.2.1, 5.2), the
 * three fields (4.1), keys (RFC 6376 section 3.6.1), messages (RFC 6376 section 3.4).
 */
import { addSet, type SetParts, usual } from './verify-arc-sign.ts'
import { edRecord, keys, rsaRecord } from './verify-sign.ts'
import type { Table } from './verify-zone.ts'

export type ArcCase = {
  readonly name: string
  readonly message: string
  readonly zone: Table
  readonly cv: 'none' | 'pass' | 'fail'
}

const key = 'sel._domainkey.example.com'
const zone: Table = {
  [key]: { TXT: [rsaRecord()] },
  'ed._domainkey.example.com': { TXT: [edRecord()] },
  'short._domainkey.example.com': { TXT: [rsaRecord(keys.rsa2)] },
  'weak._domainkey.example.com': { TXT: [rsaRecord(keys.weak)] },
}
export const plain =
  'MIME-Version: 1.0\r\nReceived: by mx.example.com\r\nFrom: Jack  <jack@example.com>\r\nTo: jill@example.net\r\n' +
  'Subject:  up \t the\r\n   hill\r\n\r\nHello,  \t world\r\n\r\n--J. \r\n\r\n'

const one = addSet(plain, 1)
const two = addSet(one, 2)
const three = addSet(two, 3)

type Row = readonly [name: string, message: string, cv: ArcCase['cv']]
const change = (text: string, from: string | RegExp, to: string): string => {
  const changed = text.replace(from, to)
  if (changed === text) throw new Error(`nothing to change: ${from}`)
  return changed
}
const lineOf = (field: string, i: number): RegExp =>
  new RegExp(`^ARC-${field}: (?:[^\\r]*; )?i=${i};[^\\r]*\\r\\n`, 'm')

const chains: readonly Row[] = [
  ['no chain', plain, 'none'],
  ['one set', one, 'pass'],
  ['two sets', two, 'pass'],
  ['three sets', three, 'pass'],
  ['sets in another order', change(two, /^([\s\S]*?\r\n)(ARC-Seal: i=1[\s\S]*?)(MIME-Version)/, '$2$1$3'), 'pass'],
  ['a set below the other fields', change(one, /^([\s\S]*?\r\n)(MIME-Version[\s\S]*?\r\n)\r\n/, '$2$1\r\n'), 'pass'],
  ['no seal', addSet(plain, 1, { without: ['seal'] }), 'fail'],
  ['no message signature', addSet(plain, 1, { without: ['message'] }), 'fail'],
  ['no results', addSet(plain, 1, { without: ['results'] }), 'fail'],
  ['only results', addSet(plain, 1, { without: ['seal', 'message'] }), 'fail'],
  ['no seal in the first of two', change(two, lineOf('Seal', 1), ''), 'fail'],
  ['no message signature in the first of two', change(two, lineOf('Message-Signature', 1), ''), 'fail'],
  ['no results in the first of two', change(two, lineOf('Authentication-Results', 1), ''), 'fail'],
  ['results twice', `${usual.results(1)}\r\n${one}`, 'fail'],
  ['results twice, others', `${usual.results(1)} x\r\n${one}`, 'fail'],
  ['a message signature twice', change(one, /^([\s\S]*?)(ARC-Message-Signature[^\r]*\r\n)/, '$1$2$2'), 'fail'],
  ['a seal twice', change(one, /^([^\r]*\r\n)/, '$1$1'), 'fail'],
  ['a set twice', addSet(one, 1), 'fail'],
  ['only a second set', addSet(plain, 2), 'fail'],
  ['a gap', addSet(one, 3), 'fail'],
  ['cv=pass in the first', addSet(plain, 1, { cv: 'pass' }), 'fail'],
  ['cv=none in the second', addSet(one, 2, { cv: 'none' }), 'fail'],
  ['cv=fail in the first', addSet(plain, 1, { cv: 'fail' }), 'fail'],
  ['cv=fail in the second', addSet(one, 2, { cv: 'fail' }), 'fail'],
  ['cv=fail in the first of two', addSet(addSet(plain, 1, { cv: 'fail' }), 2), 'fail'],
  ['cv=fail in the second of three', addSet(addSet(one, 2, { cv: 'fail' }), 3), 'fail'],
  ['a body changed before the second', addSet(change(one, 'Hello', 'Hullo'), 2), 'pass'],
  ['a subject changed before the second', addSet(change(one, 'hill', 'hell'), 2), 'pass'],
  [
    'the first message signature is no signature',
    addSet(addSet(plain, 1, { message: usual.message(1).replace('{b}', 'AAAA') }), 2),
    'pass',
  ],
  ['the first seal is no signature', addSet(change(one, /(t=12345; b=)[^\r]*/, '$1AAAA'), 2), 'fail'],
  ['the first seal changed afterwards', change(two, /(ARC-Seal: i=1;[^\r]*t=)12345/, '$112346'), 'fail'],
  [
    'the first results changed afterwards',
    change(two, 'i=1; fwd.example; spf=pass', 'i=1; fwd.example; spf=fail'),
    'fail',
  ],
  ['the last results changed', change(two, 'i=2; fwd.example; spf=pass', 'i=2; fwd.example; spf=fail'), 'fail'],
  [
    'the last results in other white space',
    change(two, 'i=2; fwd.example; spf', 'i=2;\r\n\tfwd.example;   spf'),
    'pass',
  ],
  [
    'names of fields in capitals',
    one
      .replaceAll('ARC-Seal:', 'ARC-SEAL:')
      .replaceAll('ARC-Message-Signature:', 'arc-message-signature:')
      .replaceAll('ARC-Authentication-Results', 'Arc-Authentication-results'),
    'pass',
  ],
]

const set = (parts: SetParts): string => addSet(plain, 1, parts)
const results = (text: string): string => set({ results: `ARC-Authentication-Results:${text}` })
const resultRows: readonly Row[] = [
  ['results: without a space', results('i=1; fwd.example; spf=pass'), 'pass'],
  ['results: spaces around =', results(' i = 1; fwd.example; spf=pass'), 'pass'],
  ['results: folded', results(' i=1;\r\n fwd.example;\r\n\tspf=pass'), 'pass'],
  ['results: none', results(' i=1; fwd.example; none'), 'pass'],
  ['results: nothing but i=', results(' i=1;'), 'pass'],
  ['results: a comment first', results(' (a (b)) i=1; fwd.example; spf=pass'), 'pass'],
  ['results: a comment after', results(' i=1 (first); fwd.example; spf=pass'), 'pass'],
  ['results: no semicolon after i=', results(' i=1 fwd.example; spf=pass'), 'pass'],
  ['results: i= not first', results(' fwd.example; i=1; spf=pass'), 'pass'],
  ['results: no i=', results(' fwd.example; spf=pass'), 'fail'],
  ['results: i= in a comment only', results(' (i=1;) fwd.example; spf=pass'), 'fail'],
  ['results: header.i= is no i=', results(' fwd.example; dkim=pass header.i=1'), 'fail'],
  ['results: i= empty', results(' i=; fwd.example; spf=pass'), 'fail'],
  ['results: i=0', results(' i=0; fwd.example; spf=pass'), 'fail'],
  ['results: i=x', results(' i=x; fwd.example; spf=pass'), 'fail'],
  ['results: i=-1', results(' i=-1; fwd.example; spf=pass'), 'fail'],
  ['results: i=2', results(' i=2; fwd.example; spf=pass'), 'fail'],
  ['results: i=51', results(' i=51; fwd.example; spf=pass'), 'fail'],
]

const tag = (field: string, from: string | RegExp, to: string): string => change(field, from, to)
const ams = (from: string | RegExp, to: string, parts: SetParts = {}): string =>
  set({ message: tag(usual.message(1), from, to), ...parts })
const messageRows: readonly Row[] = [
  ['message: no i=', ams('i=1; ', ''), 'fail'],
  ['message: i= empty', ams('i=1', 'i='), 'fail'],
  ['message: i=0', ams('i=1', 'i=0'), 'fail'],
  ['message: i=x', ams('i=1', 'i=x'), 'fail'],
  ['message: i=2', ams('i=1', 'i=2'), 'fail'],
  ['message: i=51', ams('i=1', 'i=51'), 'fail'],
  ['message: i=1.0', ams('i=1', 'i=1.0'), 'fail'],
  ['message: i= twice', ams('i=1', 'i=1; i=1'), 'fail'],
  ['message: no a=', ams('a=rsa-sha256; ', ''), 'fail'],
  ['message: a= empty', ams('rsa-sha256', ''), 'fail'],
  ['message: a= unknown', ams('rsa-sha256', 'rsa-sha999'), 'fail'],
  ['message: a=rsa-sha1', ams('rsa-sha256', 'rsa-sha1', { signer: 'rsa-sha1' }), 'fail'],
  ['message: a= of another kind than the key', ams('rsa-sha256', 'ed25519-sha256'), 'fail'],
  ['message: a= in capitals', ams('rsa-sha256', 'RSA-SHA256'), 'pass'],
  ['message: i=01', ams('i=1', 'i=01'), 'pass'],
  ['message: c= in capitals', ams('relaxed/relaxed', 'Relaxed/Relaxed'), 'pass'],
  ['message: no b=', ams('; b={b}', ''), 'fail'],
  ['message: b= empty', ams('{b}', ''), 'fail'],
  ['message: b= no base64', ams('{b}', '!!!!'), 'fail'],
  ['message: b= another signature', ams('{b}', 'AAAA'), 'fail'],
  ['message: b= of a length that base64 has not', ams('{b}', '{b}A'), 'fail'],
  ['message: b= in pieces', set({ fold: (text) => text.replaceAll(/.{10}/g, '$& \r\n\t ') }), 'pass'],
  ['message: b= and bh= with spaces around', ams(/; bh=(.*); b=(.*)/, ' ; bh = $1 ; b = $2 '), 'pass'],
  ['message: b= in the middle', ams(/^(ARC-Message-Signature: )(.*)(; b=.*)$/, '$1b={b}; $2'), 'pass'],
  [
    'message: tags in another order',
    set({
      message:
        'ARC-Message-Signature: a=rsa-sha256;\r\n    b={b}; bh={bh}; c=relaxed/relaxed; d=example.com;\r\n    h=from:to:subject; i=1; s=sel; t=12345',
    }),
    'pass',
  ],
  ['message: no bh=', ams('bh={bh}; ', ''), 'fail'],
  ['message: bh= empty', ams('{bh}', ''), 'fail'],
  ['message: bh= no base64', ams('{bh}', '!!!!'), 'fail'],
  ['message: bh= another hash', ams('{bh}', 'AAAA'), 'fail'],
  ['message: c=simple/simple', ams('relaxed/relaxed', 'simple/simple', { header: 'simple', body: 'simple' }), 'pass'],
  ['message: c=simple/relaxed', ams('relaxed/relaxed', 'simple/relaxed', { header: 'simple' }), 'pass'],
  ['message: c=relaxed/simple', ams('relaxed/relaxed', 'relaxed/simple', { body: 'simple' }), 'pass'],
  ['message: c=relaxed', ams('relaxed/relaxed', 'relaxed', { body: 'simple' }), 'pass'],
  ['message: no c=, signed relaxed', ams('c=relaxed/relaxed; ', ''), 'pass'],
  ['message: no c=, signed simple', ams('c=relaxed/relaxed; ', '', { header: 'simple', body: 'simple' }), 'pass'],
  ['message: c= empty', ams('relaxed/relaxed', ''), 'fail'],
  ['message: c= unknown', ams('relaxed/relaxed', 'relaxed/loose'), 'fail'],
  ['message: c= of another canonicalisation', ams('relaxed/relaxed', 'simple/simple'), 'fail'],
  ['message: no d=', ams('d=example.com; ', ''), 'fail'],
  ['message: d= empty', ams('example.com', ''), 'fail'],
  ['message: d= no domain', ams('example.com', 'ex(ample.com'), 'fail'],
  ['message: d= without a key', ams('example.com', 'example.org'), 'fail'],
  ['message: d= in capitals', ams('example.com', 'EXAMPLE.com'), 'pass'],
  ['message: no h=', ams('h=from:to:subject; ', ''), 'fail'],
  ['message: h= empty', ams('from:to:subject', '', { names: [] }), 'fail'],
  ['message: h= in capitals', ams('from:to:subject', 'From:TO:Subject'), 'pass'],
  ['message: h= with spaces', ams('from:to:subject', 'from : to :\r\n subject'), 'pass'],
  ['message: h= names an absent field', ams('subject', 'subject:x-none'), 'pass'],
  ['message: h= names one too little', ams(':subject', ''), 'fail'],
  ['message: h= in another order', ams('from:to:subject', 'to:from:subject'), 'fail'],
  ['message: h= without from', ams('from:to', 'to', { names: ['to', 'subject'] }), 'fail'],
  [
    'message: h= names results',
    ams('subject', 'subject:arc-authentication-results', {
      names: ['from', 'to', 'subject', 'arc-authentication-results'],
    }),
    'pass',
  ],
  ['message: h= names seals', ams('subject', 'subject:arc-seal'), 'fail'],
  ['message: h= names seals in capitals', ams('subject', 'subject:ARC-Seal'), 'fail'],
  ['message: no s=', ams('s=sel; ', ''), 'fail'],
  ['message: s= empty', ams('s=sel', 's='), 'fail'],
  ['message: s= without a key', ams('s=sel', 's=none'), 'fail'],
  ['message: s= of another key', ams('s=sel', 's=short'), 'fail'],
  ['message: no t=', ams('t=12345; ', ''), 'pass'],
  ['message: t= empty', ams('t=12345', 't='), 'fail'],
  ['message: t= no number', ams('t=12345', 't=x'), 'fail'],
  ['message: x= in the future', ams('t=12345', 't=12345; x=99999999999'), 'pass'],
  ['message: x= past', ams('t=12345', 't=12345; x=12346'), 'fail'],
  ['message: x= before t=', ams('t=12345', 't=12345; x=12344'), 'fail'],
  ['message: x= no number', ams('t=12345', 't=12345; x=y'), 'fail'],
  ['message: l= of the whole body', ams('t=12345', 't=12345; l=22'), 'pass'],
  ['message: l= of a part', ams('t=12345', 't=12345; l=5', { length: 5 }), 'pass'],
  ['message: l= no number', ams('t=12345', 't=12345; l=x'), 'fail'],
  ['message: l= longer than the body', ams('t=12345', 't=12345; l=5000'), 'fail'],
  ['message: q=dns/txt', ams('t=12345', 't=12345; q=dns/txt'), 'pass'],
  ['message: q= unknown', ams('t=12345', 't=12345; q=dns/none'), 'fail'],
  ['message: v=1', ams('i=1', 'v=1; i=1'), 'pass'],
  ['message: v=2', ams('i=1', 'v=2; i=1'), 'fail'],
  ['message: an unknown tag', ams('i=1', 'i=1; zz=y'), 'pass'],
  ['message: a tag twice', ams('s=sel', 's=sel; s=sel'), 'fail'],
  ['message: a semicolon last', ams('b={b}', 'b={b};'), 'pass'],
  ['message: two semicolons', ams('s=sel;', 's=sel;;'), 'fail'],
  ['message: no tag list', ams('s=sel', 's'), 'fail'],
  ['message: a tag name in capitals', ams('d=example', 'D=example'), 'fail'],
  [
    'message: spaces everywhere',
    set({
      message:
        'ARC-Message-Signature:  i = 1 ;\ta = rsa-sha256 ; c = relaxed/relaxed\r\n ; d = example.com ; s = sel ; h = from:to:subject ; bh = {bh} ; b = {b}',
    }),
    'pass',
  ],
]

const as = (from: string | RegExp, to: string, parts: SetParts = {}): string =>
  set({ seal: tag(usual.seal(1), from, to), ...parts })
const sealRows: readonly Row[] = [
  ['seal: no i=', as('i=1; ', ''), 'fail'],
  ['seal: i= empty', as('i=1', 'i='), 'fail'],
  ['seal: i=0', as('i=1', 'i=0'), 'fail'],
  ['seal: i=x', as('i=1', 'i=x'), 'fail'],
  ['seal: i=2', as('i=1', 'i=2'), 'fail'],
  ['seal: i=51', as('i=1', 'i=51'), 'fail'],
  ['seal: no a=', as('a=rsa-sha256; ', ''), 'fail'],
  ['seal: a= empty', as('rsa-sha256', ''), 'fail'],
  ['seal: a= unknown', as('rsa-sha256', 'rsa-sha999'), 'fail'],
  ['seal: no b=', as('; b={b}', ''), 'fail'],
  ['seal: b= empty', as('{b}', ''), 'fail'],
  ['seal: b= no base64', as('{b}', '!!!!'), 'fail'],
  ['seal: b= another signature', as('{b}', 'AAAA'), 'fail'],
  ['seal: b= of a length that base64 has not', as('{b}', '{b}A'), 'fail'],
  ['seal: b= first', as(/^ARC-Seal: (.*); b=.*$/, 'ARC-Seal: b={b}; $1'), 'pass'],
  ['seal: no cv=', as('cv=none; ', ''), 'fail'],
  ['seal: cv= empty', as('cv=none', 'cv='), 'fail'],
  ['seal: cv= in capitals', as('cv=none', 'cv=None'), 'fail'],
  ['seal: cv= unknown', as('cv=none', 'cv=maybe'), 'fail'],
  ['seal: no d=', as('d=example.com; ', ''), 'fail'],
  ['seal: d= empty', as('d=example.com', 'd='), 'fail'],
  ['seal: d= without a key', as('d=example.com', 'd=example.org'), 'fail'],
  ['seal: no s=', as('s=sel; ', ''), 'fail'],
  ['seal: s= empty', as('s=sel', 's='), 'fail'],
  ['seal: s= without a key', as('s=sel', 's=none'), 'fail'],
  ['seal: no t=', as('t=12345; ', ''), 'pass'],
  ['seal: t= empty', as('t=12345', 't='), 'fail'],
  ['seal: t= no number', as('t=12345', 't=x'), 'fail'],
  ['seal: h=', as('t=12345', 't=12345; h=from'), 'fail'],
  ['seal: h= empty', as('t=12345', 't=12345; h='), 'fail'],
  ['seal: c=', as('t=12345', 't=12345; c=relaxed/relaxed'), 'pass'],
  ['seal: v=1', as('t=12345', 't=12345; v=1'), 'pass'],
  ['seal: an unknown tag', as('t=12345', 't=12345; zz=y'), 'pass'],
  ['seal: a tag twice', as('s=sel', 's=sel; s=sel'), 'fail'],
  ['seal: a semicolon last', as('b={b}', 'b={b};'), 'pass'],
  ['seal: no tag list', as('s=sel', 's'), 'fail'],
  ['seal: a tag name in capitals', as('d=example', 'D=example'), 'fail'],
  ['seal: folded', as(/; /g, ';\r\n\t'), 'pass'],
  ['seal: spaces around', as(/; (\w+)=/g, ' ;  $1 = '), 'pass'],
]

const messageOf = (text: string): string => addSet(text, 1)
const bodies: readonly Row[] = [
  ['body: none', messageOf('From: a@example.com\r\n\r\n'), 'pass'],
  ['body: an empty line', messageOf('From: a@example.com\r\n\r\n\r\n'), 'pass'],
  ['body: no line end', messageOf('From: a@example.com\r\n\r\nx'), 'pass'],
  ['body: changed', change(one, 'Hello', 'Hullo'), 'fail'],
  ['body: more', `${one}x`, 'fail'],
  ['body: empty lines more', `${one}\r\n\r\n`, 'pass'],
  ['body: other white space', change(one, 'Hello,  \t world', 'Hello, world \t'), 'pass'],
  ['body: a space taken away', change(one, 'Hello,  \t world', 'Hello,world'), 'fail'],
  ['header: a signed field changed', change(one, 'jill', 'bill'), 'fail'],
  ['header: a signed field gone', change(one, /To: [^\r]*\r\n/, ''), 'fail'],
  ['header: a signed field once more, below', change(one, /\r\n\r\n/, '\r\nTo: x\r\n\r\n'), 'fail'],
  ['header: a field that is not signed', change(one, 'by mx.example.com', 'by another'), 'pass'],
  ['header: folded anew', change(one, 'up \t the', 'up\r\n\tthe'), 'pass'],
  ['header: a name in capitals', change(one, 'Subject:', 'SUBJECT:'), 'pass'],
]

const [, p = ''] = rsaRecord().split('p=')
const records: readonly (readonly [name: string, records: readonly string[], cv: ArcCase['cv']])[] = [
  ['key: revoked', ['v=DKIM1; k=rsa; p='], 'fail'],
  ['key: no p=', ['v=DKIM1; k=rsa'], 'fail'],
  ['key: no base64', ['v=DKIM1; k=rsa; p=!!!!'], 'fail'],
  ['key: of another kind', [`v=DKIM1; k=dsa; p=${p}`], 'fail'],
  ['key: of another version', [`v=DKIM2; p=${p}`], 'fail'],
  ['key: without v= and k=', [`p=${p}`], 'pass'],
  ['key: for email', [`v=DKIM1; s=email; p=${p}`], 'pass'],
  ['key: another key', [rsaRecord(keys.rsa2)], 'fail'],
  ['key: being tested', [`v=DKIM1; t=y; p=${p}`], 'pass'],
  ['key: folded', [`v=DKIM1; k=rsa; p=${p.slice(0, 60)} ${p.slice(60)}`], 'pass'],
  ['key: with notes', [`v=DKIM1; n=note; zz=1; p=${p}`], 'pass'],
]

/** Each row a message with its zone. */
export const arcCases: readonly ArcCase[] = [
  ...[...chains, ...resultRows, ...messageRows, ...sealRows, ...bodies].map(([name, message, cv]) => ({
    name,
    message,
    zone,
    cv,
  })),
  ...records.map(([name, TXT, cv]) => ({ name, message: one, zone: { [key]: { TXT } }, cv })),
  { name: 'key: no record', message: one, zone: {}, cv: 'fail' },
  { name: 'key: no answer', message: one, zone: { [key]: 'timeout' }, cv: 'fail' },
  {
    name: 'key: no answer for the first of two',
    message: change(two, /(ARC-Seal: i=1;[^\r]*)s=sel/, '$1s=gone'),
    zone,
    cv: 'fail',
  },
]
