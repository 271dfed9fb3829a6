/** Rule files off the disk: `*.cf` of folders, by name within each, as SpamAssassin reads them. Bounded: MOST_OCTETS in all. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fail, ok, type Result } from '../../base/result.ts'
import type { RuleText } from '../../spam/sa/rule-file.ts'

const MOST_OCTETS = 64 * 1024 * 1024

/** @param folders a later one wins. @returns the texts, an octet a character; or a sentence that names the folder that cannot be read. */
export const readRuleFolders = async (folders: readonly string[]): Promise<Result<readonly RuleText[], string>> => {
  const texts: RuleText[] = []
  let octets = 0
  for (const folder of folders) {
    try {
      const names = (await readdir(folder)).filter((name) => name.endsWith('.cf')).sort()
      if (names.length === 0) return fail(`${folder} holds no rule files (*.cf)`)
      for (const name of names) {
        const bytes = await readFile(join(folder, name))
        octets += bytes.length
        if (octets > MOST_OCTETS) return fail(`the rule files are over ${MOST_OCTETS / 2 ** 20} MiB`)
        texts.push({ name: join(folder, name), text: bytes.toString('latin1') })
      }
    } catch (error) {
      if (!(error instanceof Error)) throw error
      return fail(`the rules in ${folder} cannot be read: ${error.message}`)
    }
  }
  return ok(texts)
}
