/** WIP */

import { fail, ok, type Result } from '../base/result.ts'
import type { Training } from './facts.ts'
export class Learner {
  readonly memory: SharedArrayBuffer
  constructor(memory: SharedArrayBuffer) {
    this.memory = memory
  }
  static over(memory: SharedArrayBuffer): Learner {
    return new Learner(memory)
  }
  static empty(): Learner {
    return new Learner(new SharedArrayBuffer(1024))
  }
  static read(_bytes: Uint8Array): Result<Learner, 'damaged'> {
    return _bytes.length > 0 ? ok(Learner.empty()) : fail('damaged')
  }
  snapshot(): Uint8Array {
    return new Uint8Array(1)
  }
  train(_training: Training): void {}
  untrain(_training: Training): void {}
  opinion(_tokens: Uint32Array, _account: string | undefined): undefined {
    return undefined
  }
}
