/** What a message costs on disk, everything included: the database file after a checkpoint, divided by its messages. */
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileNames } from '../src/store/sqlite/database.ts'
import { openInline } from '../src/store/sqlite/inline.ts'
import { must, NOW, worldOf } from '../src/store/testing.ts'
import type { Bench } from './bench.ts'
import { meanOf, noiseMessages, prefixOf, realMessages } from './store-messages.ts'

const MESSAGES = 10_000

/** @returns octets of database for each message */
const diskFor = async (messages: readonly Uint8Array[], withPrefix: boolean): Promise<number> => {
  const folder = mkdtempSync(join(tmpdir(), 'postern-bench-'))
  try {
    const store = await must(openInline({ folder }))
    const { place } = await worldOf(store)
    for (const [i, bytes] of messages.entries())
      await must(
        store.deliver({ body: { bytes }, places: [place({ prefix: withPrefix ? prefixOf(i) : '' })], now: NOW + i }),
      )
    await store.close()
    return statSync(join(folder, fileNames.database)).size / messages.length
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

export const bench: Bench = {
  name: 'store-disk',
  about: `Disk for a message of 3.2 KB, index, summary and (where said) 260 octets of added fields included; ${MESSAGES} messages. Absolute.`,
  run: async (report) => {
    const real = await realMessages(3_200, MESSAGES)
    const figure = { unit: 'octets', better: 'less' } as const
    report({ name: 'real messages, mean size', ours: meanOf(real), ...figure, kind: 'stated' })
    report({
      name: 'disk for a real message of 3.2 KB',
      ours: await diskFor(real, true),
      ...figure,
      kind: 'absolute',
      goal: 3_400,
    })
    const noise = await diskFor(noiseMessages(3_200, MESSAGES), false)
    report({ name: 'disk for 3,200 octets of base64 noise', ours: noise, ...figure, kind: 'absolute', goal: 3_400 })
  },
}
