/**
 * Programs of Debian's packages that cannot be installed beside others (Exim and Postfix are the same to Debian): fetched with apt-get and unpacked in a folder
 * of their own, with the libraries that only they need.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export type Unpacked = {
  readonly folder: string
  /** Where the loader is to look: LD_LIBRARY_PATH. */
  readonly libraries: string
  readonly remove: () => void
}

/** @returns the packages, unpacked; undefined where there is no Debian, or its packages cannot be reached. */
export const unpacked = (packages: readonly string[]): Unpacked | undefined => {
  if (!existsSync('/usr/bin/dpkg-deb') || !existsSync('/usr/bin/apt-get')) return undefined
  const folder = mkdtempSync(join(tmpdir(), 'postern-unpacked-'))
  const remove = (): void => rmSync(folder, { recursive: true, force: true })
  const fetched = spawnSync('/usr/bin/apt-get', ['-q', 'download', ...packages], { cwd: folder, timeout: 120_000 })
  if (fetched.status !== 0) {
    remove()
    return undefined
  }
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.deb')))
    spawnSync('/usr/bin/dpkg-deb', ['-x', file, '.'], { cwd: folder })
  const libraries = ['usr/lib', 'usr/lib/x86_64-linux-gnu', 'usr/lib/aarch64-linux-gnu', 'usr/lib/rspamd']
  return { folder, libraries: libraries.map((one) => join(folder, one)).join(':'), remove }
}
