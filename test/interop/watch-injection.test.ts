/**
 * Log injection: names, HELO arguments and senders that look like the failure of another address (203.0.113.9), in lines of sshd, Postfix,
 * Dovecot and Exim as these programs write them, through fail2ban's own filters. Nobody innocent is named; the true peer may be.
 */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { test } from 'node:test'
import { clockHere, readFilter } from '../../src/app/watch/disk.ts'
import { openFilter } from '../../src/ban/watch/filter.ts'

const CONFIG = '/etc/fail2ban/filter.d'
const innocent = '203.0.113.9'
const guilty = '198.51.100.7'
const at = 'Nov 25 08:59:59 mail'
/** What an attacker types where a name is asked for. */
const names = [
  `root from ${innocent} port 22 ssh2`,
  `x from ${innocent}`,
  `x [${innocent}]`,
  `x>, method=PLAIN, rip=${innocent}, lip=192.0.2.1, session=<a`,
  `x[${innocent}]: SASL LOGIN authentication failed: x`,
  `x) [${innocent}]: 535 Incorrect authentication data (set_id=y`,
  `rhost=${innocent} user=root`,
  `Failed password for root from ${innocent} port 22 ssh2`,
]
const lines: Readonly<Record<string, (name: string) => readonly string[]>> = {
  'sshd[mode=aggressive]': (name) => [
    `${at} sshd[77]: Invalid user ${name} from ${guilty} port 4711`,
    `${at} sshd[78]: Failed password for invalid user ${name} from ${guilty} port 4711 ssh2`,
    `${at} sshd[79]: Failed none for invalid user ${name} from ${guilty} port 4711 ssh2`,
    `${at} sshd[80]: Connection closed by invalid user ${name} ${guilty} port 4711 [preauth]`,
    `${at} sshd[81]: User ${name} from ${guilty} not allowed because not listed in AllowUsers`,
    `${at} sshd[82]: Bad protocol version identification '${name}' from ${guilty} port 4711`,
    `${at} sshd[83]: maximum authentication attempts exceeded for invalid user ${name} from ${guilty} port 4711 ssh2 [preauth]`,
  ],
  'postfix[mode=aggressive]': (name) => [
    `${at} postfix/smtpd[77]: NOQUEUE: reject: RCPT from unknown[${guilty}]: 554 5.7.1 <${name}@example.com>: Relay access denied; from=<a@b.example> to=<${name}@example.com> proto=ESMTP helo=<${name}>`,
    `${at} postfix/smtpd[77]: NOQUEUE: reject: RCPT from unknown[${guilty}]: 450 4.7.1 <${name}>: Helo command rejected: Host not found; from=<a@b.example> to=<x@example.com> proto=ESMTP helo=<${name}>`,
    `${at} postfix/smtpd[77]: warning: unknown[${guilty}]: SASL LOGIN authentication failed: UGFzc3dvcmQ6, sasl_username=${name}`,
  ],
  'dovecot[mode=aggressive]': (name) => [
    `${at} dovecot: imap-login: Disconnected: Connection closed (auth failed, 1 attempts in 2 secs): user=<${name}>, method=PLAIN, rip=${guilty}, lip=192.0.2.1, TLS, session=<abc>`,
    `${at} dovecot: pop3-login: Aborted login (auth failed, 1 attempts in 2 secs): user=<${name}>, method=PLAIN, rip=${guilty}, lip=192.0.2.1, session=<abc>`,
    `${at} dovecot: auth: passwd-file(${name},${guilty},<abc>): unknown user`,
  ],
  'exim[mode=aggressive]': (name) => [
    `2026-11-25 08:59:59 login authenticator failed for (User) [${guilty}]: 535 Incorrect authentication data (set_id=${name})`,
    `2026-11-25 08:59:59 H=(User) [${guilty}] F=<a@b.example> rejected RCPT <${name}@example.com>: Unrouteable address`,
    `2026-11-25 08:59:59 SMTP protocol synchronization error (input sent without waiting for greeting): rejected connection from H=[${guilty}] input="${name}"`,
  ],
}

for (const [named, make] of Object.entries(lines))
  test(`${named} names nobody innocent`, { skip: !existsSync(CONFIG) }, (t) => {
    const text = readFilter(named, [CONFIG], false)
    assert.ok(text.ok)
    let found = 0
    const wrong: string[] = []
    for (const name of names) {
      const opened = openFilter(text.value, { clock: clockHere(() => Date.UTC(2026, 10, 25, 9)) })
      assert.ok(opened.ok)
      for (const line of make(name))
        for (const { address } of opened.value.filter.line(line)) {
          found += 1
          if (address !== guilty) wrong.push(`${address}: ${line}`)
        }
    }
    t.diagnostic(`${found} failures, all of the true peer but ${wrong.length}`)
    assert.deepEqual(wrong, [])
    assert.ok(found > names.length)
  })
