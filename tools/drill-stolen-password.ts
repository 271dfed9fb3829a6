/** `npm run drill:stolen-password`: what a thief gets out with a stolen password, and what everybody else notices. Ends with 1 on a breach of what issue 3 asks. */
import { MOST_FREEZE_MS, MOST_LEFT, runDrill } from '../test/drill/stolen-password.ts'

const NEWSLETTER = 150
const say = (line: string): void => void process.stdout.write(`${line}\n`)
const ms = (value: number | undefined): string => (value === undefined ? 'never' : `${Math.round(value)} ms`)

const drill = async (title: string, scan: boolean): Promise<number> => {
  say(`\n${title}\n`)
  const outcome = await runDrill({ spam: 1000, connections: 8, scan, newsletter: NEWSLETTER, others: 100 })
  const { thief, left, frozenAfterMs, frozenAtMs, ben, nora, says, frozenList, heldList, breaches } = outcome
  say(`the thief     ${left} of 1000 messages left the house (at most ${MOST_LEFT})
              ${thief.taken} taken, ${thief.refused} refused, ${thief.cut} cut off, ${thief['no-login']} not let in any more
              frozen ${ms(frozenAfterMs)} after the first message that was held or refused (at most ${MOST_FREEZE_MS} ms),
              ${ms(frozenAtMs)} after he began
              he was told: ${says}
another user  ${ben.arrived} of ${ben.sent} messages arrived; from sending to arrival ${ms(ben.medianMs)} (median), ${ms(ben.worstMs)} at worst
newsletter    ${nora.arrived} of ${NEWSLETTER} arrived at people who know the sender; ${nora.frozen ? 'FROZEN' : 'not frozen'}

postern account frozen
${frozenList}
postern account thaw --list
${heldList}`)
  for (const breach of breaches) say(`BREACH: ${breach}`)
  return breaches.length
}

say(`A thief has a password: 1,000 messages of spam to strangers, from a network of his own, over 8 connections,
while another user works and a club sends its newsletter to ${NEWSLETTER} people who know it.`)
const breaches = (await drill('WITH THE FILTER', true)) + (await drill('WITH A FILTER THAT FINDS NOTHING', false))
say(breaches === 0 ? 'The drill is passed.' : 'The drill is not passed.')
process.exitCode = breaches === 0 ? 0 : 1
