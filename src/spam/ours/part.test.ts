import { type Case, checkRows } from '../testing.ts'
import { partTests } from './part.ts'

const file = (name: string, octets = 'plain', type?: string): Case => ({
  file: type === undefined ? [name, octets] : [name, octets, type],
})
const local = (name: string, flags = 0): string =>
  `PK\x03\x04\x14\x00${String.fromCharCode(flags)}\x00${'\x00'.repeat(18)}${String.fromCharCode(name.length)}\x00\x00\x00${name}data`
const windows = `MZ${'\x00'.repeat(62)}PE\x00\x00`

checkRows(partTests, [
  ['FILE_PROGRAM', file('photo.scr'), file('photo.scr.txt')],
  ['FILE_TWO_ENDINGS', file('invoice.pdf.exe'), file('invoice.2026.pdf')],
  ['FILE_BACKWARDS', file('=?utf-8?B?cGhvdG/igK5nbnAuZXhl?='), file('=?utf-8?B?R3LDvMOfZS5wbmc=?=')],
  ['FILE_DISGUISED', file('photo.jpg', windows), file('photo.jpg', 'MZ is how it begins')],
  ['FILE_DISK', file('scan.iso'), file('iso.pdf')],
  ['FILE_MACROS', file('list.xlsm'), file('list.xlsx')],
  ['FILE_LOCKED', file('a.zip', local('a.txt', 1)), file('a.zip', local('a.txt', 0))],
  ['FILE_ZIP_PROGRAM', file('a.zip', local('a.js')), file('a.zip', local('a.json'))],
  ['FILE_PAGE', file('invoice.html', '<p>x</p>', 'text/html'), file('invoice.pdf')],
  ['FILE_ALONE', { ...file('a.pdf'), body: 'see' }, file('a.pdf')],
  [
    'FILE_PASSWORD_GIVEN',
    { ...file('a.zip'), body: 'The password is 1234.' },
    { ...file('a.zip'), body: 'I tell you the password tomorrow.' },
  ],
])
