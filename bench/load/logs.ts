/** Log lines as mail and ssh servers write them, honest and hostile, from their own formats; every line of another time, peer and process. */

type Kind = 'honest' | 'hostile'
type Line = (n: number) => string

const pad = (n: number): string => String(n).padStart(2, '0')
const stamp = (n: number): string =>
  `Nov 25 ${pad(8 + (Math.floor(n / 36_000) % 12))}:${pad(Math.floor(n / 600) % 60)}:${pad(Math.floor(n / 10) % 60)}`
const peer = (n: number): string => `198.${18 + ((n >> 16) & 1)}.${(n >> 8) & 255}.${n & 255}`
const id = (n: number): string => (0xabc000 + n).toString(16).toUpperCase()

const formats: Readonly<Record<string, Readonly<Record<Kind, readonly Line[]>>>> = {
  sshd: {
    honest: [
      (n) =>
        `${stamp(n)} mail sshd[${n % 30_000}]: Accepted publickey for anna from ${peer(n)} port ${40_000 + (n % 20_000)} ssh2: ED25519 SHA256:Zm9vYmFyYmF6`,
      (n) =>
        `${stamp(n)} mail sshd[${n % 30_000}]: pam_unix(sshd:session): session opened for user anna(uid=1000) by (uid=0)`,
      (n) => `${stamp(n)} mail systemd-logind[412]: New session ${n} of user anna.`,
      (n) => `${stamp(n)} mail CRON[${n % 30_000}]: pam_unix(cron:session): session closed for user root`,
      (n) => `${stamp(n)} mail sudo:     anna : TTY=pts/0 ; PWD=/home/anna ; USER=root ; COMMAND=/usr/bin/apt update`,
    ],
    hostile: [
      (n) =>
        `${stamp(n)} mail sshd[${n % 30_000}]: Failed password for root from ${peer(n)} port ${40_000 + (n % 20_000)} ssh2`,
      (n) =>
        `${stamp(n)} mail sshd[${n % 30_000}]: Invalid user oracle${n % 100} from ${peer(n)} port ${40_000 + (n % 20_000)}`,
      (n) =>
        `${stamp(n)} mail sshd[${n % 30_000}]: Failed password for invalid user admin from ${peer(n)} port ${40_000 + (n % 20_000)} ssh2`,
      (n) =>
        `${stamp(n)} mail sshd[${n % 30_000}]: pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=${peer(n)}  user=root`,
      (n) =>
        `${stamp(n)} mail sshd[${n % 30_000}]: Connection closed by authenticating user root ${peer(n)} port ${40_000 + (n % 20_000)} [preauth]`,
      (n) =>
        `${stamp(n)} mail sshd[${n % 30_000}]: Received disconnect from ${peer(n)} port ${40_000 + (n % 20_000)}:11: Bye Bye [preauth]`,
    ],
  },
  postfix: {
    honest: [
      (n) => `${stamp(n)} mail postfix/smtpd[${n % 30_000}]: connect from mx${n % 50}.example.org[${peer(n)}]`,
      (n) => `${stamp(n)} mail postfix/smtpd[${n % 30_000}]: ${id(n)}: client=mx${n % 50}.example.org[${peer(n)}]`,
      (n) => `${stamp(n)} mail postfix/cleanup[${n % 30_000}]: ${id(n)}: message-id=<${n}.4711@example.org>`,
      (n) =>
        `${stamp(n)} mail postfix/qmgr[811]: ${id(n)}: from=<news@example.org>, size=${2000 + (n % 9000)}, nrcpt=1 (queue active)`,
      (n) =>
        `${stamp(n)} mail postfix/lmtp[${n % 30_000}]: ${id(n)}: to=<anna@example.com>, relay=mail.example.com[private/dovecot-lmtp], delay=0.21, delays=0.1/0.01/0.02/0.08, dsn=2.0.0, status=sent (250 2.0.0 <anna@example.com> Saved)`,
      (n) =>
        `${stamp(n)} mail postfix/smtpd[${n % 30_000}]: disconnect from mx${n % 50}.example.org[${peer(n)}] ehlo=2 starttls=1 mail=1 rcpt=1 data=1 quit=1 commands=7`,
    ],
    hostile: [
      (n) =>
        `${stamp(n)} mail postfix/smtpd[${n % 30_000}]: NOQUEUE: reject: RCPT from unknown[${peer(n)}]: 554 5.7.1 <x${n}@example.com>: Relay access denied; from=<a@b.example> to=<x${n}@example.com> proto=ESMTP helo=<User>`,
      (n) =>
        `${stamp(n)} mail postfix/smtpd[${n % 30_000}]: NOQUEUE: reject: RCPT from unknown[${peer(n)}]: 550 5.1.1 <x${n}@example.com>: Recipient address rejected: User unknown in virtual mailbox table; from=<a@b.example> to=<x${n}@example.com> proto=ESMTP helo=<ylmf-pc>`,
      (n) =>
        `${stamp(n)} mail postfix/smtpd[${n % 30_000}]: warning: unknown[${peer(n)}]: SASL LOGIN authentication failed: UGFzc3dvcmQ6`,
      (n) =>
        `${stamp(n)} mail postfix/smtpd[${n % 30_000}]: NOQUEUE: reject: RCPT from unknown[${peer(n)}]: 450 4.7.1 <User>: Helo command rejected: Host not found; from=<a@b.example> to=<x@example.com> proto=ESMTP helo=<User>`,
      (n) => `${stamp(n)} mail postfix/smtpd[${n % 30_000}]: lost connection after AUTH from unknown[${peer(n)}]`,
    ],
  },
  dovecot: {
    honest: [
      (n) =>
        `${stamp(n)} mail dovecot: imap-login: Login: user=<anna@example.com>, method=PLAIN, rip=${peer(n)}, lip=192.0.2.1, mpid=${n % 30_000}, TLS, session=<qL8ZbEsq${n}>`,
      (n) =>
        `${stamp(n)} mail dovecot: imap(anna@example.com)<${n % 30_000}><qL8ZbEsq${n}>: Logged out in=${n % 900} out=${n % 9000} deleted=0 expunged=0 trashed=0 hdr_count=0 hdr_bytes=0 body_count=0 body_bytes=0`,
      (n) =>
        `${stamp(n)} mail dovecot: lmtp(anna@example.com)<${n % 30_000}><AbCd${n}>: sieve: msgid=<${n}@example.org>: stored mail into mailbox 'INBOX'`,
      (n) => `${stamp(n)} mail dovecot: lmtp(${n % 30_000}): Connect from local`,
    ],
    hostile: [
      (n) =>
        `${stamp(n)} mail dovecot: imap-login: Disconnected: Connection closed (auth failed, 1 attempts in 2 secs): user=<x${n}@example.com>, method=PLAIN, rip=${peer(n)}, lip=192.0.2.1, TLS: Connection closed, session=<qL8ZbEsq${n}>`,
      (n) =>
        `${stamp(n)} mail dovecot: pop3-login: Aborted login (auth failed, 1 attempts in 2 secs): user=<info>, method=PLAIN, rip=${peer(n)}, lip=192.0.2.1, session=<qL8ZbEsq${n}>`,
      (n) =>
        `${stamp(n)} mail auth: pam_unix(dovecot:auth): authentication failure; logname= uid=0 euid=0 tty=dovecot ruser=info rhost=${peer(n)}`,
      (n) => `${stamp(n)} mail dovecot: auth: passwd-file(x${n}@example.com,${peer(n)},<qL8ZbEsq>): unknown user`,
      (n) =>
        `${stamp(n)} mail dovecot: imap-login: Disconnected (no auth attempts in 0 secs): user=<>, rip=${peer(n)}, lip=192.0.2.1, TLS handshaking: SSL_accept() failed`,
    ],
  },
  exim: {
    honest: [
      (n) =>
        `2026-11-25 ${stamp(n).slice(7)} 1qX${(100_000 + n).toString(36)}-0001Aa-2B <= news@example.org H=mx${n % 50}.example.org [${peer(n)}] P=esmtps X=TLS1.3:TLS_AES_256_GCM_SHA384:256 CV=no S=${2000 + (n % 9000)} id=${n}@example.org`,
      (n) =>
        `2026-11-25 ${stamp(n).slice(7)} 1qX${(100_000 + n).toString(36)}-0001Aa-2B => anna <anna@example.com> R=local_user T=maildir_home`,
      (n) => `2026-11-25 ${stamp(n).slice(7)} 1qX${(100_000 + n).toString(36)}-0001Aa-2B Completed`,
      (n) => `2026-11-25 ${stamp(n).slice(7)} Start queue run: pid=${n % 30_000}`,
    ],
    hostile: [
      (n) =>
        `2026-11-25 ${stamp(n).slice(7)} H=(User) [${peer(n)}] F=<a@b.example> rejected RCPT <x${n}@example.com>: relay not permitted`,
      (n) =>
        `2026-11-25 ${stamp(n).slice(7)} login authenticator failed for (User) [${peer(n)}]: 535 Incorrect authentication data (set_id=info)`,
      (n) =>
        `2026-11-25 ${stamp(n).slice(7)} H=(ylmf-pc) [${peer(n)}]:${40_000 + (n % 20_000)} F=<a@b.example> rejected RCPT <x${n}@example.com>: Unrouteable address`,
      (n) =>
        `2026-11-25 ${stamp(n).slice(7)} SMTP protocol synchronization error (input sent without waiting for greeting): rejected connection from H=[${peer(n)}] input="EHLO User\\r\\n"`,
      (n) => `2026-11-25 ${stamp(n).slice(7)} no host name found for IP address ${peer(n)}`,
    ],
  },
}

/** The servers that there are lines of. */
export const logKinds: readonly string[] = Object.keys(formats)

/** @returns `count` lines of a server's log; none of a server that is not known here. */
export const logLines = (server: string, kind: Kind, count: number): readonly string[] => {
  const lines = formats[server]?.[kind] ?? []
  return Array.from({ length: lines.length === 0 ? 0 : count }, (_, n) => lines[n % lines.length]?.(n) ?? '')
}
