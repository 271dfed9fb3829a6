import assert from 'node:assert/strict'
import * as files from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { spoolFilesOver } from './spool-files.ts'

let folder = ''
before(async () => {
  folder = await files.mkdtemp(join(tmpdir(), 'postern-spool-files-'))
})
after(() => files.rm(folder, { recursive: true }))
const spool = spoolFilesOver(files)
const put = async (octets: Uint8Array): Promise<{ readonly file: string; readonly size: number }> => {
  const file = join(folder, 'a.spool')
  await files.writeFile(file, octets)
  return { file, size: octets.length }
}

test('the head of a file is its first octets', async () => {
  const { file } = await put(Buffer.from('Subject: x\r\n\r\nbody'))
  assert.equal(Buffer.from(await spool.head(file, 7)).toString(), 'Subject')
  assert.equal((await spool.head(file, 1000)).length, 18)
})

for (const [says, ranges, want] of [
  ['nothing', [], '0123456789'],
  ['the beginning', [[0, 3]], '3456789'],
  ['the end', [[7, 10]], '0123456'],
  [
    'two pieces',
    [
      [1, 3],
      [5, 6],
    ],
    '0346789',
  ],
  [
    'pieces that touch',
    [
      [1, 3],
      [3, 5],
    ],
    '056789',
  ],
  ['all', [[0, 10]], ''],
] as const)
  test(`a file without ${says}`, async () => {
    const body = await put(Buffer.from('0123456789'))
    const cut = await spool.cut(body, ranges)
    assert.ok('file' in cut && cut.file !== body.file)
    assert.equal(await files.readFile(cut.file, 'latin1'), want)
    assert.equal(cut.size, want.length)
    await spool.drop(cut.file)
  })

test('a large file is copied in pieces, byte for byte', async () => {
  const octets = Buffer.alloc(3_000_000, 'abcdefg')
  const cut = await spool.cut(await put(octets), [[5, 1_500_000]])
  assert.ok('file' in cut)
  assert.deepEqual(await files.readFile(cut.file), Buffer.concat([octets.subarray(0, 5), octets.subarray(1_500_000)]))
  await spool.drop(cut.file)
})

test('dropping what is gone is nothing; a file that shrank is a fault, and no message', async () => {
  await spool.drop(join(folder, 'nowhere.spool'))
  const { file } = await put(Buffer.from('short'))
  await assert.rejects(spool.cut({ file, size: 100 }, [[0, 1]]))
  await spool.drop(join(folder, 'a-cut.spool'))
})
