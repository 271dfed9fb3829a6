/** The commands of POP3, and when each may come. RFC 1939 sections 4 to 7, RFC 2449 section 5, RFC 2595 section 4, RFC 5034 section 4, RFC 6856 section 2. */
import type { Pop3Command } from '../../wire/pop3/command.ts'
import { capa, mechanismList, startTls, utf8 } from './hello.ts'
import { list, stat, uidl } from './listing.ts'
import { authenticate, password, user } from './login.ts'
import { retrieve, top } from './retrieve.ts'
import { type Running, type Talk, wrong } from './state.ts'
import { quit, remove, reset } from './update.ts'
import { pop3Words } from './words.ts'

const states = {
  USER: 'before',
  PASS: 'before',
  APOP: 'before',
  AUTH: 'before',
  STLS: 'before',
  UTF8: 'before',
  CAPA: 'any',
  QUIT: 'any',
  STAT: 'after',
  LIST: 'after',
  UIDL: 'after',
  RETR: 'after',
  TOP: 'after',
  DELE: 'after',
  RSET: 'after',
  NOOP: 'after',
} as const satisfies Readonly<Record<Pop3Command['verb'], 'before' | 'after' | 'any'>>

const run = (talk: Talk, command: Pop3Command): string | Running => {
  switch (command.verb) {
    case 'USER':
      return user(talk, command.name)
    case 'PASS':
      return password(talk, command.password)
    case 'APOP':
      return wrong(talk, pop3Words['no-apop'])
    case 'AUTH':
      return command.mechanism === undefined ? mechanismList(talk) : authenticate(talk, command)
    case 'STLS':
      return startTls(talk)
    case 'UTF8':
      return utf8(talk)
    case 'CAPA':
      return capa(talk)
    case 'QUIT':
      return quit(talk)
    case 'STAT':
      return stat(talk)
    case 'LIST':
      return list(talk, command.message)
    case 'UIDL':
      return uidl(talk, command.message)
    case 'RETR':
      return retrieve(talk, command.message)
    case 'TOP':
      return top(talk, command.message, command.lines)
    case 'DELE':
      return remove(talk, command.message)
    case 'RSET':
      return reset(talk)
    case 'NOOP':
      return pop3Words.ok
  }
}

/** @returns the answer without its last line end, or what gives it piece by piece. */
export const begin = (talk: Talk, command: Pop3Command): string | Running => {
  const state = states[command.verb]
  if (state === 'before' && talk.drop !== undefined) return wrong(talk, pop3Words['before-login'])
  if (state === 'after' && talk.drop === undefined) return wrong(talk, pop3Words['log-in-first'])
  return run(talk, command)
}
