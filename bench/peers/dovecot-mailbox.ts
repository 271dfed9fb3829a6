/**
 * Debian's Dovecot with one large Maildir, as a private instance in a folder of its own, on loopback. The messages are written as files, as LMTP would leave them
 * (sizes in the names), and indexed by `doveadm index`. Must be root, because the mail belongs to the user `mail`.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, rmSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { answers, POP3_BESIDE, startDovecot } from './postfix-dovecot.ts'

export type DovecotMailbox = {
  readonly imapPort: number
  readonly pop3Port: number
  readonly password: string
  readonly start: () => Promise<void>
  /** Ends it and waits until it is gone. */
  readonly stop: () => Promise<void>
  /** Puts a message into user0's INBOX, in the order of `i`. */
  readonly put: (i: number, bytes: Uint8Array, seen: boolean) => Promise<void>
  /** Gives the files to their owner and makes the index. */
  readonly index: () => void
  /** Removes what was cached of the messages' content; flags and UIDs stay. */
  readonly forgetCache: () => void
}

const FIRST_SECOND = 1_700_000_000

const isThere = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    if (error instanceof Error) return false
    throw error
  }
}

const must = (command: string, args: readonly string[]): void => {
  const done = spawnSync(command, args, { encoding: 'utf8' })
  if (done.status !== 0) throw new Error(`${command} ${args.join(' ')}: ${done.stderr}`)
}

/** @param folder a fresh folder of the caller's. */
export const dovecotMailbox = (folder: string, imapPort: number): DovecotMailbox => {
  const maildir = join(folder, 'mail', 'user0')
  for (const name of ['cur', 'new', 'tmp']) mkdirSync(join(maildir, name), { recursive: true })
  let pid = 0
  const stop = async (): Promise<void> => {
    if (pid === 0) return
    process.kill(pid, 'SIGTERM')
    while (isThere(pid)) await new Promise((resolve) => setTimeout(resolve, 20))
    pid = 0
  }
  return {
    imapPort,
    pop3Port: imapPort + POP3_BESIDE,
    password: 'bench',
    start: async () => {
      pid = startDovecot(folder, imapPort)
      await answers(imapPort)
    },
    stop,
    put: (i, bytes, seen) => {
      const name = `${FIRST_SECOND + i}.M${i}P1.bench,S=${bytes.length},W=${bytes.length}:2,${seen ? 'S' : ''}`
      return writeFile(join(maildir, 'cur', name), bytes)
    },
    index: () => {
      must('chown', ['-R', 'mail:mail', join(folder, 'mail')])
      must('doveadm', ['-c', join(folder, 'dovecot.conf'), 'index', '-u', 'user0', 'INBOX'])
    },
    forgetCache: () => rmSync(join(maildir, 'dovecot.index.cache'), { force: true }),
  }
}
