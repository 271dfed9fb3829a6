/** `postern house-rules`: a page to print for the people in the office, with the server and who helps filled in. */
import { existsSync } from 'node:fs'
import { writeHouseRules } from '../house-rules.ts'
import type { Command } from './command.ts'
import { configOption, configPath, loadConfig } from './config-file.ts'

export const houseRules: Command = {
  usage: 'house-rules',
  about:
    'Prints a page for the people in the office: mail and PC hygiene in eleven rules, with the server and the postmaster of the configuration\nwhere there is one, and lines to fill in where there is none.',
  options: [
    { name: 'html', says: 'a page for the browser, which prints it on one sheet' },
    { name: 'postmaster', value: 'ADDRESS', says: 'who helps (default postmaster@ of the domain in the settings)' },
    configOption,
  ],
  example: 'postern house-rules --html > house-rules.html',
  json: true,
  run: async (given, shell) => {
    const { html, json, postmaster: named } = given.values
    if (html === true && json === true) {
      shell.err('postern house-rules: --html and --json exclude each other; give one\n')
      return 2
    }
    const file = configPath(given)
    const wanted = given.values['config'] !== undefined || existsSync(file)
    const config = wanted ? loadConfig(file) : undefined
    if (config?.ok === false) {
      shell.err(`${config.error}\n`)
      return 2
    }
    const account = config?.value.settings.postmaster ?? ''
    const domain = account.slice(account.lastIndexOf('@') + 1)
    const postmaster = typeof named === 'string' ? named : domain === '' ? undefined : `postmaster@${domain}`
    shell.out(
      writeHouseRules(
        { host: config?.value.settings.host, postmaster },
        json === true ? 'json' : html === true ? 'html' : 'text',
      ),
    )
    return 0
  },
}
