/** Starting: from `./postern serve` to the moment that every listener answers, with mail in the store, after a clean stop and after SIGKILL. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Bench } from './bench.ts'
import { smtpLoad } from './load/smtp.ts'
import { median } from './numbers.ts'
import { type BenchServer, DOMAIN, startPostern } from './postern.ts'

const PORT = 26_200
const MESSAGES = 2_000
const ROUNDS = 5

export const bench: Bench = {
  name: 'start',
  about: `seconds from the command to all listeners, ${MESSAGES} messages in the store, medians of ${ROUNDS}`,
  run: async (report) => {
    const folder = mkdtempSync(join(tmpdir(), 'postern-start-'))
    const start = async (): Promise<{ readonly server: BenchServer; readonly seconds: number }> => {
      const since = performance.now()
      const server = await startPostern({ portBase: PORT, users: 1, folder })
      return { server, seconds: (performance.now() - since) / 1000 }
    }
    try {
      const { server } = await start() // makes domain and account
      const to = (): readonly string[] => [`user0@${DOMAIN}`]
      await smtpLoad({ host: '127.0.0.1', port: server.smtp, sessions: 20, messages: MESSAGES, size: 4096, to })
      await server.stop()
      for (const [name, end] of [
        ['after a stop', 'stop'],
        ['after SIGKILL', 'kill'],
      ] as const) {
        const took: number[] = []
        for (let round = 0; round < ROUNDS; round += 1) {
          const again = await start()
          took.push(again.seconds)
          await again.server[end]()
        }
        const figure = { name: `start, ${name}`, ours: median(took), unit: 's', better: 'less' } as const
        report({ ...figure, kind: 'absolute', goal: 2 })
      }
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  },
}
