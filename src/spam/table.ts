/** Data: all of our own tests, in the order in which they run, and the thresholds that their scores are made for. Pure. */
import { headTests } from './ours/head.ts'
import { linkTests } from './ours/link.ts'
import { pageTests } from './ours/page.ts'
import { partTests } from './ours/part.ts'
import { senderTests } from './ours/sender.ts'
import { textTests } from './ours/text.ts'
import { wireTests } from './ours/wire.ts'
import type { SpamTest } from './row.ts'

/** From `flag` on a message is filed as Junk, from `reject` on it is refused; docs/decisions/0032. The settings start with these. */
export const thresholds = { flag: 5.0, reject: 10.0 } as const

export const spamTests: readonly SpamTest[] = [
  ...wireTests,
  ...headTests,
  ...senderTests,
  ...partTests,
  ...linkTests,
  ...pageTests,
  ...textTests,
]
