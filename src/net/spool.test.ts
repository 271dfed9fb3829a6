import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import fc from 'fast-check'
import { SpoolError } from '../base/spool.ts'
import { newSpool, sweepSpool } from './spool.ts'

const folder = mkdtempSync(join(tmpdir(), 'postern-spool-'))
after(() => rmSync(folder, { recursive: true }))

const octetsOf = (body: { readonly bytes: Uint8Array } | { readonly file: string }): Buffer =>
  'bytes' in body ? Buffer.from(body.bytes) : readFileSync(body.file)

test('what goes in comes out, however it is cut up, in memory or in a file', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 12 }), async (parts) => {
      const spool = newSpool({ folder, memoryLimit: 100 })
      for (const part of parts) {
        await spool.write(part)
        part.fill(0xee) // the buffer is used again
      }
      const { body, size } = await spool.finish()
      assert.equal(
        size,
        parts.reduce((sum, part) => sum + part.length, 0),
      )
      assert.equal('bytes' in body, size <= 100)
      assert.equal(octetsOf(body).length, size)
      await spool.discard()
    }),
    { numRuns: 50 },
  )
})

test('octets are kept, not the buffer that brought them', async () => {
  for (const memoryLimit of [100, 2]) {
    const spool = newSpool({ folder, memoryLimit })
    const buffer = Buffer.from('abc')
    await spool.write(buffer)
    buffer.fill('z')
    await spool.write(Buffer.from('def'))
    const { body } = await spool.finish()
    assert.equal(octetsOf(body).toString(), 'abcdef')
    await spool.discard()
  }
})

test('up to the limit there is no file; from the next octet there is one, for us alone', async () => {
  const spool = newSpool({ folder, memoryLimit: 4, newName: () => 'chosen' })
  await spool.write(Buffer.from('1234'))
  assert.deepEqual(readdirSync(folder), [])
  await spool.write(Buffer.from('5'))
  assert.deepEqual(readdirSync(folder), ['chosen.spool'])
  assert.equal(statSync(join(folder, 'chosen.spool')).mode & 0o777, 0o600)
  const { body, size } = await spool.finish()
  assert.deepEqual(body, { file: join(folder, 'chosen.spool'), size: 5 })
  assert.equal(size, 5)
  assert.equal(octetsOf(body).toString(), '12345')
  await spool.discard()
  assert.deepEqual(readdirSync(folder), [])
})

test('an empty message is no octets', async () => {
  const { body, size } = await newSpool({ folder }).finish()
  assert.deepEqual([octetsOf(body).length, size], [0, 0])
})

test('a file that is there already is never written over', async () => {
  writeFileSync(join(folder, 'taken.spool'), 'precious')
  const spool = newSpool({ folder, memoryLimit: 0, newName: () => 'taken' })
  await assert.rejects(async () => spool.write(Buffer.from('x')), new SpoolError('io'))
  assert.equal(readFileSync(join(folder, 'taken.spool'), 'utf8'), 'precious')
  rmSync(join(folder, 'taken.spool'))
})

test('a full disk is a SpoolError: disk-full', { skip: !existsSync('/dev/full') }, async () => {
  // Every write to /dev/full is ENOSPC; the name leads there, and O_EXCL is satisfied by a link that is not there yet.
  const { default: fs } = await import('node:fs/promises')
  const spool = newSpool({ folder, memoryLimit: 0 })
  const real = fs.open
  try {
    fs.open = async () => real('/dev/full', 'w')
    await import('node:module').then(({ syncBuiltinESMExports }) => syncBuiltinESMExports())
    await assert.rejects(async () => spool.write(Buffer.from('x')), new SpoolError('disk-full'))
  } finally {
    fs.open = real
    await import('node:module').then(({ syncBuiltinESMExports }) => syncBuiltinESMExports())
  }
})

test('a folder that cannot be is a SpoolError: io', async () => {
  writeFileSync(join(folder, 'file'), '')
  const spool = newSpool({ folder: join(folder, 'file', 'below'), memoryLimit: 0 })
  await assert.rejects(async () => spool.write(Buffer.from('x')), new SpoolError('io'))
  rmSync(join(folder, 'file'))
})

test('what a crash left is swept, and nothing else', async () => {
  const place = join(folder, 'sweep')
  assert.equal(await sweepSpool(place), 0)
  for (const name of ['a.spool', 'b.spool', 'notes.txt']) writeFileSync(join(place, name), 'x')
  assert.equal(await sweepSpool(place), 2)
  assert.deepEqual(readdirSync(place), ['notes.txt'])
})
