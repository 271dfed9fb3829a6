/** `postern selftest talk` and `postern selftest lockout`: the jail played through on a clock of its own, with nothing of a running server touched. */
import { randomInt } from 'node:crypto'
import { scenes } from '../selftest/lockout.ts'
import { playTalk } from '../selftest/talk.ts'
import { writeTable } from '../text/table.ts'
import type { Command } from './command.ts'

const hours = (ms: number): string => `${(ms / 3_600_000).toFixed(1)} h`

export const selftestTalk: Command = {
  usage: 'selftest talk',
  about:
    'Plays every sentence of the table: the offences, who is banned, for how long (drawn at random between the two), and the first connection\nthat is refused. Exits 1 where one is not as the table has it.',
  options: [],
  example: 'postern selftest talk',
  json: true,
  run: async (given, shell) => {
    const played = await playTalk(() => randomInt(2 ** 47) / 2 ** 47)
    const wrong = played.filter((one) => one.wrong !== undefined)
    if (given.values['json'] === true) shell.out(`${JSON.stringify(played)}\n`)
    else {
      shell.out(
        writeTable(
          [
            { head: 'offence' },
            { head: 'times', right: true },
            { head: 'who' },
            { head: 'for' },
            { head: 'this time', right: true },
            { head: 'first refused', right: true },
            { head: '' },
          ],
          played.map((one) => [
            one.offence,
            String(one.count),
            one.who === 'network' ? `its network (${one.subject})` : `the address (${one.subject})`,
            `${hours(one.leastMs)} - ${hours(one.mostMs)}`,
            hours(one.termMs),
            one.firstRefused === 0 ? 'none' : `connection ${one.firstRefused}`,
            one.wrong === undefined ? 'ok' : `WRONG: ${one.wrong}`,
          ]),
        ),
      )
      shell.out(`${played.length} sentences, ${wrong.length} wrong\n`)
    }
    return wrong.length === 0 ? 0 : 1
  },
}

export const selftestLockout: Command = {
  usage: 'selftest lockout',
  about:
    'Plays what must never keep out the owner or a wanted sender: wrong passwords at home, an old password in a phone, spam through Gmail, a\nforwarder, neighbours who guess, a clock that is set back, a restart. Exits 1 where somebody is kept out who must not be.',
  options: [],
  example: 'postern selftest lockout',
  json: true,
  run: async (given, shell) => {
    const results: { readonly scene: string; readonly wrong?: string }[] = []
    for (const { says, play } of scenes) {
      const wrong = await play()
      results.push({ scene: says, ...(wrong === undefined ? {} : { wrong }) })
      if (given.values['json'] !== true)
        shell.out(wrong === undefined ? `ok     ${says}\n` : `WRONG  ${says}\n       ${wrong}\n`)
    }
    const wrong = results.filter((one) => one.wrong !== undefined).length
    shell.out(
      given.values['json'] === true ? `${JSON.stringify(results)}\n` : `${results.length} scenes, ${wrong} wrong\n`,
    )
    return wrong === 0 ? 0 : 1
  },
}
