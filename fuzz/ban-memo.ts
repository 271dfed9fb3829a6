/** Bans and records as the store gives them back, and what an administrator types. */
import { readBan, readRecord, writeBan, writeRecord } from '../src/ban/memo.ts'
import { readSubject } from '../src/ban/subject.ts'
import type { FuzzTarget } from './target.ts'

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)

export const target: FuzzTarget = {
  name: 'ban-memo',
  seeds: () =>
    [
      '["192.0.2.7","all","login-failed",1,2,1,"note"]',
      '[1,2,3,[["spamtrap",4,1,"same"]]]',
      '2001:db8::1/48',
      '@example.org',
    ].map((text) => Buffer.from(text)),
  run: (input) => {
    const ban = readBan(input)
    if (ban !== undefined && !same(readBan(writeBan(ban)), ban)) throw new Error('a ban is not read as it was written')
    const record = readRecord(input)
    if (record !== undefined && !same(readRecord(writeRecord(record)), record))
      throw new Error('a record is not read as it was written')
    const subject = readSubject(Buffer.from(input).toString('utf8'))
    if (subject !== undefined && readSubject(subject) !== subject)
      throw new Error('a subject is not read as it was written')
  },
}
