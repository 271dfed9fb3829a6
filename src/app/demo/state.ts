/** What the demo remembers in its folder between two runs: logins, the senders' key, and how far in the corpus it is. */
import { createPrivateKey } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as z from 'zod'
import { newPassword } from '../cli/secret.ts'
import { demoAccounts } from './senders.ts'
import { type DemoKey, newDemoKey } from './sign.ts'

const FILE = 'demo.json'
const shape = z.object({
  accounts: z.array(z.object({ address: z.string(), password: z.string() })).min(1),
  privateKey: z.string(),
  publicText: z.string(),
  /** Messages of the corpus that were sent so far. */
  sent: z.number().int().nonnegative(),
})
export type DemoState = {
  readonly accounts: readonly { readonly address: string; readonly password: string }[]
  readonly key: DemoKey
  readonly sent: number
  readonly fresh: boolean
}

/** Writes it down. */
export const writeDemoState = (folder: string, state: DemoState): void => {
  const { privateKey, publicText } = state.key
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  const text = JSON.stringify({ accounts: state.accounts, privateKey: pem, publicText, sent: state.sent }, null, 2)
  writeFileSync(join(folder, FILE), `${text}\n`, { mode: 0o600 })
}

/** @returns the state of the folder; a new one, not yet written, where there is none that can be read. */
export const readDemoState = (folder: string): DemoState => {
  const file = join(folder, FILE)
  if (existsSync(file)) {
    const { accounts, privateKey, publicText, sent } = shape.parse(JSON.parse(readFileSync(file, 'utf8')))
    return { accounts, key: { privateKey: createPrivateKey(privateKey), publicText }, sent, fresh: false }
  }
  const accounts = demoAccounts.map((address) => ({ address, password: newPassword() }))
  return { accounts, key: newDemoKey(), sent: 0, fresh: true }
}
