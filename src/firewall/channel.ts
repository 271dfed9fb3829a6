/**
 * A tool that stays: commands are written to its standard input, a line a transaction, and a question after them whose answer says that all are done. Starting `nft` for each ban
 * would cost ten times as much. A tool that ends or stalls is started anew at the next command.
 */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { fail, ok, type Result } from '../base/result.ts'

const PATIENCE_MS = 10_000
const MOST_ERRORS = 4096

export type Channel = {
  /** @returns when all lines are done, or what the tool said against them. */
  readonly say: (lines: readonly string[]) => Promise<Result<undefined, string>>
  readonly close: () => void
}
export type ChannelOptions = {
  readonly program: string
  readonly words: readonly string[]
  readonly ask: string
  readonly isAnswer: (text: string) => boolean
  /** Whether the question itself was refused: what it asks about is gone. */
  readonly isRefusal: (text: string) => boolean
}

type Waiting = { readonly done: (result: Result<undefined, string>) => void; readonly late: NodeJS.Timeout }

/** One command at a time; others wait their turn. */
export const openChannel = (options: ChannelOptions): Channel => {
  let child: ChildProcessWithoutNullStreams | undefined
  let waiting: Waiting | undefined
  let heard = ''
  let against = ''
  let turn: Promise<unknown> = Promise.resolve()

  const settle = (result: Result<undefined, string>): void => {
    const one = waiting
    waiting = undefined
    if (one === undefined) return
    clearTimeout(one.late)
    one.done(result)
  }
  const lose = (lost: ChildProcessWithoutNullStreams, why: string): void => {
    if (child === lost) child = undefined
    lost.kill()
    settle(fail(why))
  }

  const started = (): ChildProcessWithoutNullStreams => {
    if (child !== undefined) return child
    const made = spawn(options.program, [...options.words], { stdio: 'pipe' })
    child = made
    made.on('error', (error) => lose(made, error.message))
    made.on('exit', () => lose(made, `${options.program} ended`))
    made.stdin.on('error', () => lose(made, `${options.program} reads no more`))
    made.stderr.on('data', (bytes: Buffer) => {
      against = (against + bytes.toString('utf8')).slice(0, MOST_ERRORS)
      if (options.isRefusal(against)) settle(fail(against.trim()))
    })
    made.stdout.on('data', (bytes: Buffer) => {
      heard = (heard + bytes.toString('utf8')).slice(-MOST_ERRORS)
      if (!options.isAnswer(heard)) return
      heard = ''
      // What was said against a command was written before the answer; it may only be read after it.
      setImmediate(() => settle(against === '' ? ok(undefined) : fail(against.trim())))
    })
    return made
  }

  const once = (lines: readonly string[]): Promise<Result<undefined, string>> =>
    new Promise((done) => {
      const tool = started()
      heard = ''
      against = ''
      const late = setTimeout(() => lose(tool, `${options.program} does not answer`), PATIENCE_MS)
      waiting = { done, late }
      tool.stdin.write(`${lines.join('\n')}\n${options.ask}\n`)
    })

  return {
    say: (lines) => {
      if (lines.length === 0) return Promise.resolve(ok(undefined))
      const own = turn.then(() => once(lines))
      turn = own
      return own
    },
    close: () => {
      const open = child
      child = undefined
      open?.stdin.end()
      open?.kill()
    },
  }
}
