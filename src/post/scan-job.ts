/** What a scan thread is asked about a message. Pure. */
import type { Mail } from './mail.ts'
import { isForReports } from './reports/take.ts'
import type { ScanJob } from './scan-port.ts'
import type { PostSettings } from './settings.ts'

/** @returns the job; a message from which something is cut out is not summarized as it came. */
export const jobOf = (settings: PostSettings, mail: Mail, facts: ScanJob['facts']): ScanJob => {
  const { envelope, takers } = mail
  const [only, ...others] = takers
  return {
    body: mail.body,
    envelope: {
      ip: envelope.ip,
      helo: envelope.helo,
      mailFrom: envelope.mailFrom?.text ?? '',
      recipients: envelope.recipients.map(({ address }) => address.text),
      reverseName: facts.iprev?.result === 'pass' ? facts.iprev.name : undefined,
      authenticated: envelope.account !== undefined,
      tls: envelope.tls !== null,
    },
    facts,
    account: only !== undefined && others.length === 0 ? only.account.name : undefined,
    host: settings.host,
    receivedAt: mail.at,
    wants: {
      ...settings.scan,
      report: isForReports(mail, settings.reportAddresses ?? []),
      summary: settings.scan.summary && mail.head.forged.length === 0 && takers.length > 0,
    },
  }
}
