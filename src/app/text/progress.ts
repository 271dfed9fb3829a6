/** A progress bar: redrawn in place on a terminal, a line at each tenth elsewhere. */
const WIDTH = 30

export type Progress = { readonly at: (done: number, note: string) => void; readonly end: () => void }

/** @param total steps in all. @param write takes what is to be shown. @returns the bar; `end` leaves it standing. */
export const startProgress = (
  total: number,
  isTerminal: boolean,
  write: (text: string) => void,
  now: () => number,
): Progress => {
  let drawnAt = -Infinity
  let tenth = 0
  const draw = (done: number, note: string): string => {
    const full = total === 0 ? WIDTH : Math.min(WIDTH, Math.floor((done / total) * WIDTH))
    return `${'█'.repeat(full)}${'░'.repeat(WIDTH - full)} ${String(done).padStart(String(total).length)}/${total}  ${note}`
  }
  return {
    at: (done, note) => {
      if (isTerminal) {
        if (done < total && now() - drawnAt < 80) return
        drawnAt = now()
        write(`\r\x1b[2K${draw(done, note)}`)
        return
      }
      const reached = total === 0 ? 10 : Math.floor((done / total) * 10)
      if (reached > tenth) write(`${draw(done, note)}\n`)
      tenth = Math.max(tenth, reached)
    },
    end: () => {
      if (isTerminal) write('\n')
    },
  }
}
