/** A node:test reporter that prints only the closing count: `suite: N passed, N failed, N skipped`. */
import type { TestEvent } from 'node:test/reporters'

/** @param source the runner's events. @returns one line when they end; todo tests count as skipped. */
async function* count(source: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  let passed = 0
  let failed = 0
  let skipped = 0
  for await (const event of source) {
    if (event.type === 'test:pass' && event.data.details.type !== 'suite') {
      if (event.data.skip !== undefined || event.data.todo !== undefined) skipped += 1
      else passed += 1
    }
    if (event.type === 'test:fail') failed += 1
  }
  yield `\n${passed} passed, ${failed} failed, ${skipped} skipped\n`
}

// node:test takes a reporter as a module's default export and in no other way.
// biome-ignore lint/style/noDefaultExport: the runner's interface
export default count
