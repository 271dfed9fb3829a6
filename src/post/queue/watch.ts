/** A store whose queue is watched: whoever queues, holds, releases or drops through it, the runner hears of it at once. Pure. */
import type { QueueChange, Store } from '../../store/store.ts'

export type QueueEar = {
  /** Something was queued. */
  readonly queued: () => void
  readonly changed: (changes: readonly QueueChange[]) => void
}

/** @returns the same store; what was done is told after it is on disk. */
export const watchQueue = (store: Store, ear: QueueEar): Store => ({
  ...store,
  deliver: async (a) => {
    const done = await store.deliver(a)
    if (done.ok && a.queue !== undefined && a.queue.entries.length > 0) ear.queued()
    if (done.ok && a.settle !== undefined) ear.changed(a.settle)
    return done
  },
  settleQueue: async (a) => {
    const done = await store.settleQueue(a)
    if (done.ok) ear.changed(a.changes)
    return done
  },
})
