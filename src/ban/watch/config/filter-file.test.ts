import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { readFilterText } from './filter-file.ts'
import { readIni } from './ini.ts'
import type { FilesPort } from './settings.ts'
import { readNamed } from './tags.ts'

const disk = (files: Readonly<Record<string, string>>): FilesPort => ({
  read: (path) => files[path],
  list: (folder) =>
    Object.keys(files).flatMap((path) => (path.startsWith(`${folder}/`) ? [path.slice(folder.length + 1)] : [])),
})
const read = (files: Readonly<Record<string, string>>, options: Readonly<Record<string, string>> = {}) =>
  readFilterText(disk(files), { folder: '/f', name: 'x', options: new Map(Object.entries(options)), journal: false })
const failregex = (
  files: Readonly<Record<string, string>>,
  options: Readonly<Record<string, string>> = {},
): readonly string[] => {
  const text = read(files, options)
  assert.ok(text.ok, JSON.stringify(text))
  return text.value.failregex.map((line) => line.text)
}

test('a file is read as configparser reads it', () => {
  const { sections, faults } = readIni(
    '# note\n[A]\nOne = 1 ; note\ntwo: a;b\n  more\n\n  # between\n   deeper = 3\nthree =\n[DEFAULT]\nx=%(y)s\n',
  )
  assert.deepEqual(faults, [])
  const section = sections.get('A')
  assert.equal(section?.get('one')?.text, '1')
  assert.deepEqual(section?.get('two'), { text: 'a;b\nmore\n\ndeeper = 3', line: 4 })
  assert.equal(section?.get('three')?.text, '')
  assert.equal(sections.get('DEFAULT')?.get('x')?.text, '%(y)s')
})

test('what is wrong is told by its line', () => {
  const { faults } = readIni('a = 1\n[A]\nnonsense\nb = 1\nb = 2\n[A]\n')
  assert.deepEqual(
    faults.map((one) => one.line),
    [1, 3, 5, 6],
  )
})

test('includes, locals and known values stand over each other in order', () => {
  const files = {
    '/f/x.conf':
      '[INCLUDES]\nbefore = common.conf\nafter = late.conf\n[Definition]\n_daemon = x\nfailregex = ^%(__prefix)s a <HOST>$\n',
    '/f/x.local': '[Definition]\nfailregex = %(known/failregex)s\n  ^b <HOST>$\n',
    '/f/common.conf': '[DEFAULT]\n_daemon = \\S+\n__prefix = <_daemon>:\n',
    '/f/common.local': '[DEFAULT]\n__prefix = local <_daemon>:\n',
    '/f/late.conf': '[Definition]\nignoreregex = ^c\n',
  }
  assert.deepEqual(failregex(files), ['^local x: a <HOST>$', '^b <HOST>$'])
  const text = read(files)
  assert.ok(text.ok)
  assert.deepEqual(
    text.value.ignoreregex.map((one) => [one.text, one.file, one.line]),
    [['^c', '/f/late.conf', 2]],
  )
})

test('a mode chooses among tags, and the options of the filter stand over [Init]', () => {
  const files = {
    '/f/x.conf':
      '[DEFAULT]\nlogtype = file\n[lt_file]\nhead = F\n[lt_short]\nhead = S\n[Definition]\nmdre-normal = ^n <HOST>\nmdre-hard = %(mdre-normal)s\n ^h <lt_<logtype>/head> <HOST>\nfailregex = <mdre-<mode>>\nmode = normal\n[Init]\nmaxlines = 3\njournalmatch = _COMM=x + "A=b c"\n',
  }
  assert.deepEqual(failregex(files), ['^n <HOST>'])
  assert.deepEqual(failregex(files, { mode: 'hard' }), ['^n <HOST>', '^h F <HOST>'])
  assert.deepEqual(failregex(files, { mode: 'hard', logtype: 'short' }), ['^n <HOST>', '^h S <HOST>'])
  const text = read(files, { maxlines: '5' })
  assert.ok(text.ok)
  assert.equal(text.value.maxlines, 5)
  assert.deepEqual(text.value.journalmatch, [['_COMM=x', '+', 'A=b c']])
})

test('what leads back to itself, or nowhere, is refused with its place', () => {
  for (const value of ['<a>\na = <b>\nb = <a>', '%(nothing)s', '%(failregex)s', '50%']) {
    const text = read({ '/f/x.conf': `[Definition]\nfailregex = ${value}\n` })
    assert.ok(!text.ok, value)
    assert.deepEqual(
      text.error.map(({ file, line }) => [file, line]),
      [['/f/x.conf', 2]],
    )
  }
  assert.ok(!read({}).ok)
  assert.ok(!read({ '/f/x.conf': '[Init]\na=1\n' }).ok)
  assert.ok(read({ '/f/x.conf': '[INCLUDES]\nbefore=x.conf\n[Definition]\nfailregex = a\n' }).ok)
})

test('options of a filter are read as fail2ban writes them', () => {
  for (const [text, want] of [
    ['sshd', ['sshd', {}]],
    ['sshd[mode=aggressive]', ['sshd', { mode: 'aggressive' }]],
    [`a[b="x, y", c='[z]'][d=e]`, ['a', { b: 'x, y', c: '[z]', d: 'e' }]],
    ['a[]', ['a', {}]],
  ] as const) {
    const named = readNamed(text)
    assert.ok(named.ok, text)
    assert.deepEqual([named.value.name, Object.fromEntries(named.value.options)], want)
  }
  for (const text of ['', '[x]', 'a[b]', 'a[b=c']) assert.ok(!readNamed(text).ok, text)
})

test('no text makes it throw', () => {
  const piece = fc.constantFrom(
    '[',
    ']',
    'Definition',
    'failregex',
    '=',
    '%(',
    ')s',
    '<',
    '>',
    'a',
    '\n',
    ' ',
    '/',
    'known/',
    'mode',
    ';',
    '#',
    '%',
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
      read({ '/f/x.conf': `[Definition]\n${pieces.join('')}` })
    }),
    { numRuns: 500 },
  )
})
