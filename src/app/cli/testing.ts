/** A shell for tests of the command line: what was said is kept, nothing is typed in, and it is always the same morning. */
import type { Shell } from './command.ts'

/** @param now epoch ms of the clock on the wall. @returns the shell, and what it heard so far. */
export const shellOf = (
  now = Date.UTC(2026, 10, 25, 9),
): { readonly shell: Shell; readonly said: { out: string; err: string } } => {
  const said = { out: '', err: '' }
  const shell: Shell = {
    out: (text) => {
      said.out += text
    },
    err: (text) => {
      said.err += text
    },
    input: (async function* () {})(),
    now: () => now,
    isTerminal: false,
    onSignal: () => () => undefined,
  }
  return { shell, said }
}
