/** What a configuration's text alone does not show: files that it names and that cannot be read, and what is allowed but not wise. */
import { readFileSync } from 'node:fs'
import { relayRows, relayWarnings } from '../settings/relay.ts'
import type { Config } from './config-file.ts'

const readText = (file: string): string | undefined => {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error) return undefined // not there, or not for us
    throw error
  }
}

/** @returns problems, with which a server must not start (mail would take another way than its owner wants), and notes. */
export const beyondText = ({
  settings,
  path,
}: Config): { readonly problems: readonly string[]; readonly notes: readonly string[] } => ({
  problems: relayRows(settings.relay, (file) => readText(path(file))).problems,
  notes: relayWarnings(settings.relay),
})
