/** What a fuzz target is: tools/fuzz.ts mutates its seeds and gives them to `run`, which throws (or rejects) when a property is violated. */
export type FuzzTarget = {
  readonly name: string
  /** Well-formed and ill-formed inputs to start from. */
  readonly seeds: () => readonly Uint8Array[]
  readonly run: (input: Uint8Array) => void | Promise<void>
}
