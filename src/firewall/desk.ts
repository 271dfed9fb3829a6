/**
 * What the process does with requests: one at a time, in order, each answered. A filter that lost our table (somebody flushed the ruleset) is set up anew,
 * and the server is asked to say everything again. No socket here: a line in, a line out.
 */
import type { Prefix } from '../base/ip.ts'
import type { Result } from '../base/result.ts'
import type { Backend, Ports } from './backend.ts'
import { type Closing, type Request, readRequest } from './request.ts'

export type Desk = {
  /** @returns the answer, a line of JSON without its end. */
  readonly answer: (line: string) => Promise<string>
}
/** Ends the connections that a banned prefix has open (`ss -K`), where the machine can. */
export type Cut = (prefixes: readonly Prefix[]) => Promise<void>

type Answer =
  | { readonly ok: true; readonly [key: string]: unknown }
  | { readonly ok: false; readonly why: string; readonly again?: true }
const answerOf = (result: Result<unknown, string>): Answer =>
  result.ok ? { ok: true } : { ok: false, why: result.error }

export const openDesk = (backend: Backend, cut: Cut): Desk => {
  let known: { readonly ports: Ports; readonly allow: readonly Prefix[] } | undefined
  let banned = 0
  let turn: Promise<unknown> = Promise.resolve()

  const ban = async (bans: readonly Closing[]): Promise<Answer> => {
    if (known === undefined) return { ok: false, why: 'say hello first: which ports, and who is never kept out' }
    const done = await backend.ban(bans)
    if (done.ok) {
      banned += bans.length
      await cut(bans.map(({ prefix }) => prefix))
      return { ok: true }
    }
    // Our table may be gone. Set up anew; what was in it has to be said again.
    const made = await backend.setUp(known.ports, known.allow)
    return made.ok ? { ok: false, why: done.error, again: true } : { ok: false, why: made.error }
  }

  const take = async (request: Request): Promise<Answer> => {
    switch (request.do) {
      case 'hello':
        known = { ports: request.ports, allow: request.allow }
        return answerOf(await backend.setUp(request.ports, request.allow))
      case 'ban':
        return ban(request.bans)
      case 'restore': {
        if (known === undefined) return ban([])
        const made = request.first ? await backend.setUp(known.ports, known.allow) : undefined
        return made?.ok === false ? answerOf(made) : ban(request.bans)
      }
      case 'unban':
        return answerOf(await backend.unban(request.prefixes))
      case 'flush':
        return answerOf(
          known === undefined ? { ok: true, value: undefined } : await backend.setUp(known.ports, known.allow),
        )
      case 'status':
        return { ok: true, backend: backend.name, ready: known !== undefined, ports: known?.ports ?? {}, banned }
      case 'print': {
        const text = await backend.print()
        return text.ok ? { ok: true, text: text.value } : answerOf(text)
      }
    }
  }

  return {
    answer: (line) => {
      const own = turn.then(async () => {
        const asked = readRequest(line)
        if (!asked.ok) return JSON.stringify({ id: null, ok: false, why: asked.error })
        return JSON.stringify({ id: asked.value.id, ...(await take(asked.value.request)) })
      })
      turn = own
      return own
    },
  }
}
