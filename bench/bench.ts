/** What a benchmark is: a module bench/NAME.ts that exports `bench`; bench/main.ts runs it and prints a line a figure. */
export type Figure = {
  readonly name: string
  readonly ours: number
  /** The peer's figure of the same run; undefined for an absolute one. */
  readonly peer?: number
  readonly peerName?: string
  readonly unit: string
  readonly better: 'less' | 'more'
  /** For kind ratio: ours/peer; for kind absolute: ours; for kind stated there is no goal. */
  readonly kind: 'ratio' | 'absolute' | 'stated'
  readonly goal?: number
}
export type Bench = {
  readonly name: string
  /** What is measured and how, in a sentence; which peer from which Debian package. */
  readonly about: string
  readonly run: (report: (figure: Figure) => void) => Promise<void>
}
