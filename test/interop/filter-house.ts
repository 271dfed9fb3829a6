/** A server that is asked by other programs and takes no mail itself, and two messages that it tells apart. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createLog } from '../../src/app/log/writer.ts'
import { type PosternServer, startServer } from '../../src/app/server/start.ts'
import { readSettings } from '../../src/app/settings/read.ts'
import { settingsSchema } from '../../src/app/settings/schema.ts'

export type Filter = {
  readonly server: PosternServer
  readonly folder: string
  /** Lines of the log, from level info. */
  readonly log: readonly string[]
  readonly stop: () => Promise<void>
}

/** @param listen lines of [listen]. @param more whole sections. @returns the server, running in this process. */
export const startFilter = async (listen: string, more: string): Promise<Filter> => {
  const folder = mkdtempSync(join(tmpdir(), 'postern-filter-'))
  const none = ['smtp', 'imap', 'imaps', 'submissions', 'submission', 'pop3', 'pop3s', 'metrics']
  const read = readSettings(
    settingsSchema,
    `host = "mx.here.test"
[listen]
${none.map((name) => `${name} = []`).join('\n')}
${listen}
${more}
`,
  )
  assert.ok(read.ok, JSON.stringify(read))
  const log: string[] = []
  const started = await startServer({
    settings: read.value,
    folder,
    file: (path) => join(folder, path),
    now: Date.now,
    log: createLog({ level: 'info', format: 'json', write: (line) => void log.push(line), now: Date.now }),
    dnsServers: [],
  })
  assert.ok(started.ok, JSON.stringify(started))
  const server = started.value
  return {
    server,
    folder,
    log,
    stop: async () => {
      await server.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

export const ham = `From: Carl <carl@friend.test>
To: anna@here.test
Subject: Lunch on Thursday
Date: Tue, 24 Nov 2026 05:20:16 +0000
Message-ID: <lunch@friend.test>

Shall we meet at noon, at the usual place?

Carl
`
export const spam = `From: "anna@here.test PayPal" <x@xn--pypal-4ve.test>
To: undisclosed-recipients:;
Reply-To: other@elsewhere.test
Subject: =?utf-8?q?RE=3A_URGENT_!!!_You_WON_$5,000,000_CLICK_NOW?=
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/html

<html><body><a href="http://192.0.2.1/login.php">https://www.paypal.com/</a><form action="http://192.0.2.1/"><input type=password></form></body></html>
--b
Content-Type: application/octet-stream; name="invoice.pdf.exe"
Content-Disposition: attachment; filename="invoice.pdf.exe"
Content-Transfer-Encoding: base64

TVqQAAMAAAAEAAAA
--b--
`
