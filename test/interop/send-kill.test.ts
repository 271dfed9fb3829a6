/**
 * SIGKILL at random moments of a run of 5,000 messages: none is lost, and one that came twice is one of those that were in flight, which the next start names (docs/decisions/0063).
 */
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fillQueue } from '../../bench/load/queue.ts'
import { startSink } from '../../bench/peers/sink.ts'
import { startPostern } from '../../bench/postern.ts'

const MESSAGES = 5000
const KILLS = 4
const PORT = 25_400

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** The numbers of messages that a log line says may go twice. */
const unsureIn = (line: string): number | undefined => {
  const message = line.includes('"send-unsure"') ? /"message":"([0-9a-f]{32})"/.exec(line)?.[1] : undefined
  return message === undefined ? undefined : Number.parseInt(message, 16)
}

test('kill -9 while the queue is sent: nothing is lost, and what came twice was in flight and is named', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'postern-send-kill-'))
  const sink = await startSink()
  try {
    mkdirSync(join(folder, 'data'))
    await fillQueue(join(folder, 'data'), { messages: MESSAGES, size: 4096, state: 'waiting' })
    const unsure = new Set<number>()
    const heard = (line: string): void => {
      const number = unsureIn(line)
      if (number !== undefined) unsure.add(number)
    }
    const more = `[[relay]]\nhost = "127.0.0.1"\nport = ${sink.port}\ntls = "if-offered"\nverify = false\n`
    const start = () => startPostern({ portBase: PORT, users: 0, folder, quiet: true, more, heard })
    let kills = 0
    for (; kills < KILLS && sink.taken.size < MESSAGES * 0.9; kills += 1) {
      const server = await start()
      const before = sink.taken.size
      const some = Math.floor(Math.random() * (MESSAGES / (KILLS + 2)))
      for (let waited = 0; sink.taken.size - before < some && waited < 1000; waited += 1) await pause(5)
      await server.kill()
    }
    const server = await start()
    for (let waited = 0; sink.taken.size < MESSAGES && waited < 3000; waited += 1) await pause(10)
    await pause(500)
    await server.stop()
    const twice = [...sink.taken].filter(([, times]) => times > 1).map(([id]) => Number.parseInt(id, 10))
    assert.ok(kills > 1, `only ${kills} kills`)
    assert.equal(sink.taken.size, MESSAGES, 'messages were lost')
    assert.deepEqual(
      twice.filter((number) => !unsure.has(number)),
      [],
      'came twice, and nobody was told',
    )
    assert.ok(unsure.size <= KILLS * 200, `${unsure.size} were named`)
    assert.ok(existsSync(join(folder, 'data', 'in-flight')))
    console.log(`${kills} kills, ${twice.length} came twice, ${unsure.size} were named`)
  } finally {
    await sink.close()
    rmSync(folder, { recursive: true, force: true })
  }
})
