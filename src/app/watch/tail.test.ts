import assert from 'node:assert/strict'
import {
  appendFileSync,
  closeSync,
  mkdtempSync,
  openSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { readEntry } from './journal.ts'
import { LineCutter } from './lines.ts'
import { readPlace, writePlace } from './place.ts'
import { type Position, Tail } from './tail.ts'

const folder = mkdtempSync(join(tmpdir(), 'postern-tail-'))
after(() => rmSync(folder, { recursive: true }))
let count = 0
const fresh = (text?: string): string => {
  count += 1
  const path = join(folder, `log${count}`)
  if (text !== undefined) writeFileSync(path, text)
  return path
}

type Followed = {
  readonly tail: Tail
  readonly lines: string[]
  readonly noted: string[]
  time: number
  readonly all: () => void
}
const follow = (path: string, position?: Position, since = 0): Followed => {
  const lines: string[] = []
  const noted: string[] = []
  const followed: Followed = {
    lines,
    noted,
    time: 1_000_000,
    tail: new Tail({
      path,
      position,
      since,
      now: () => followed.time,
      line: (line) => lines.push(line),
      noted: (what) => noted.push(what),
    }),
    all: () => {
      while (followed.tail.look() === 'more');
    },
  }
  return followed
}

test('what is appended comes as lines, half lines when they are whole', () => {
  const path = fresh('one\r\ntwo\nthr')
  const { lines, all, tail } = follow(path)
  all()
  assert.deepEqual(lines, ['one', 'two'])
  appendFileSync(path, 'ee\nfour\n')
  all()
  assert.deepEqual(lines, ['one', 'two', 'three', 'four'])
  tail.close()
})

test('nothing is lost around a rename, before it, after it, and by a writer who keeps the old file open', () => {
  const path = fresh('a\n')
  const followed = follow(path)
  followed.all()
  const writer = openSync(path, 'a')
  writeSync(writer, 'before\n')
  renameSync(path, `${path}.1`)
  writeSync(writer, 'after rename\nhal')
  followed.all()
  assert.deepEqual(followed.lines, ['a', 'before', 'after rename'])
  writeFileSync(path, 'new\n')
  followed.all()
  writeSync(writer, 'f, late\n')
  closeSync(writer)
  followed.all()
  assert.deepEqual(followed.lines, ['a', 'before', 'after rename', 'new', 'half, late'])
  followed.time += 70_000
  followed.all()
  appendFileSync(path, 'newer\n')
  followed.all()
  assert.equal(followed.lines.at(-1), 'newer')
  assert.deepEqual(followed.noted, ['rotated'])
  followed.tail.close()
})

test('a rotation every line loses none and doubles none', () => {
  const path = fresh('')
  const followed = follow(path)
  const want: string[] = []
  for (let n = 0; n < 200; n += 1) {
    appendFileSync(path, `line ${n}\n`)
    want.push(`line ${n}`)
    if (n % 3 === 0) followed.all()
    if (n % 5 === 0) renameSync(path, `${path}.${n + 1}`)
    if (n % 5 === 0) followed.all()
  }
  followed.all()
  assert.deepEqual(followed.lines.toSorted(), want.toSorted())
  followed.tail.close()
})

test('a file that is cut begins again', () => {
  const path = fresh('a\nb\n')
  const followed = follow(path)
  followed.all()
  truncateSync(path, 0)
  appendFileSync(path, 'c\n')
  followed.all()
  assert.deepEqual(followed.lines, ['a', 'b', 'c'])
  assert.deepEqual(followed.noted, ['truncated'])
  followed.tail.close()
})

test('a file that comes late, or goes, is waited for', () => {
  const path = fresh()
  const followed = follow(path)
  assert.equal(followed.tail.look(), 'missing')
  writeFileSync(path, 'a\n')
  followed.all()
  rmSync(path)
  assert.equal(followed.tail.look(), 'missing')
  writeFileSync(path, 'b\n')
  followed.all()
  assert.deepEqual(followed.lines, ['a', 'b'])
  followed.tail.close()
})

const positionAfter = (path: string): Position => {
  const followed = follow(path)
  followed.all()
  const position = followed.tail.position()
  followed.tail.close()
  assert.ok(position !== undefined)
  return position
}

test('after a restart reading goes on where it was, half lines included', () => {
  const path = fresh('a\nhal')
  const position = positionAfter(path)
  assert.equal(position.offset, 2)
  appendFileSync(path, 'f\nb\n')
  const followed = follow(path, position)
  followed.all()
  assert.deepEqual(followed.lines, ['half', 'b'])
  followed.tail.close()
})

for (const zipped of [false, true])
  test(`what was rotated ${zipped ? 'and compressed ' : ''}while we were away is read on, then what came after`, () => {
    const path = fresh('a\nb\n')
    const position = positionAfter(path)
    if (zipped) {
      rmSync(path)
      writeFileSync(`${path}.2.gz`, gzipSync('a\nb\nc\n'))
      writeFileSync(`${path}.1`, 'd\n')
    } else {
      appendFileSync(path, 'c\n')
      renameSync(path, `${path}.1`)
    }
    writeFileSync(path, 'e\n')
    const followed = follow(path, position)
    followed.all()
    assert.deepEqual(followed.lines, zipped ? ['c', 'd', 'e'] : ['c', 'e'])
    assert.deepEqual(followed.noted, ['resumed'])
    followed.tail.close()
  })

test('rotated halves of a file never seen are read once, oldest first, if they are young enough', () => {
  const path = fresh('c\n')
  writeFileSync(`${path}.2.gz`, gzipSync('a\n'))
  writeFileSync(`${path}.1`, 'b\n')
  const old = follow(path, undefined, Date.now() + 60_000)
  old.all()
  assert.deepEqual(old.lines, ['c'])
  old.tail.close()
  const followed = follow(path)
  followed.all()
  assert.deepEqual(followed.lines.toSorted(), ['a', 'b', 'c'])
  assert.equal(followed.lines.at(-1), 'c')
  followed.tail.close()
})

test('another file in place of the one that was read is read whole', () => {
  const path = fresh('a\nb\n')
  const position = positionAfter(path)
  rmSync(path)
  writeFileSync(path, 'x\ny\n')
  const followed = follow(path, position)
  followed.all()
  assert.deepEqual(followed.lines, ['x', 'y'])
  followed.tail.close()
})

test('a line without end costs what a line may cost, and the next one is whole', () => {
  const path = fresh(`${'x'.repeat(100_000)}\nnext\n`)
  const followed = follow(path)
  followed.all()
  assert.deepEqual(
    followed.lines.map((line) => line.length),
    [16_384, 4],
  )
  followed.tail.close()
})

test('how the octets are cut up changes nothing', () => {
  const cut = (octets: Buffer, sizes: readonly number[]): readonly string[] => {
    const cutter = new LineCutter(20)
    const lines: string[] = []
    let from = 0
    for (const size of [...sizes, octets.length]) {
      cutter.feed(octets.subarray(from, from + size), (line) => lines.push(line))
      from += size
    }
    cutter.finish((line) => lines.push(line))
    return lines
  }
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom('a', 'é', '\n', '\r\n', 'long enough for a cut', '\xff')),
      fc.array(fc.nat(9)),
      (parts, sizes) => {
        const octets = Buffer.from(parts.join(''))
        assert.deepEqual(cut(octets, sizes), cut(octets, []))
      },
    ),
  )
})

test('an entry of the journal is the line that fail2ban makes of it', () => {
  const entry = {
    _HOSTNAME: 'mail',
    SYSLOG_IDENTIFIER: 'sshd',
    _PID: '77',
    MESSAGE: 'Failed\nx',
    __REALTIME_TIMESTAMP: '1795593600123456',
    __CURSOR: 's=1',
  }
  assert.deepEqual(readEntry(JSON.stringify(entry)), {
    line: 'mail sshd[77]: Failed\\nx',
    seconds: 1_795_593_600.123456,
    cursor: 's=1',
  })
  assert.equal(readEntry(JSON.stringify({ ...entry, MESSAGE: [70, 195, 169] }))?.line, 'mail sshd[77]: Fé')
  for (const text of ['', '{', '[]', 'null', '{}', '{"MESSAGE":"x"}']) assert.equal(readEntry(text), undefined, text)
})

test('a place is read as it was written; other octets are none', () => {
  for (const place of [{ inode: 7, offset: 9, head: 'abc', headLength: 3 }, { cursor: 's=1;i=2' }])
    assert.deepEqual(readPlace(writePlace(place)), place)
  for (const text of ['', '[]', '{}', '[1]', '[1,2,"a",-1]', 'null'])
    assert.equal(readPlace(Buffer.from(text)), undefined, text)
})
