/**
 * Data: the scenes of `postern selftest lockout`: everything that must never keep out the owner or a wanted sender, and what must. Each plays on a stage of its own and
 * says what went wrong, or nothing.
 */
import type { Offence } from '../../ban/offence.ts'
import { OWNER, openStage, PASSWORD, type Stage } from './stage.ts'

const MINUTE = 60_000
const DAY = 86_400_000
const home = '198.51.100.7'
const stranger = '203.0.113.9'

export type Scene = { readonly says: string; readonly play: () => Promise<string | undefined> }

const expect = (held: boolean, otherwise: string): string | undefined => (held ? undefined : otherwise)
const guess = async (stage: Stage, ip: string, times: number, of = 'guess'): Promise<readonly string[]> => {
  const answers: string[] = []
  for (let index = 0; index < times; index += 1) answers.push(await stage.login(ip, `${of} ${index}`))
  return answers
}
const spam = (ip: string, more: Partial<Offence> = {}): Offence => ({
  kind: 'spam-rejected',
  ip,
  service: 'mail',
  ...more,
})

export const scenes: readonly Scene[] = [
  {
    says: 'a guesser gets three answers, and then silence',
    play: async () => {
      const stage = await openStage()
      const answers = await guess(stage, stranger, 6)
      const told = answers.filter((one) => one === 'bad-credentials').length
      if (told !== 3) return `${told} guesses were answered`
      return expect(stage.jail.barred(stranger, 'login') !== undefined, 'the guesser is not banned')
    },
  },
  {
    says: "the owner's own address, with a good login in the last 30 days, is not banned for wrong passwords",
    play: async () => {
      const stage = await openStage()
      if ((await stage.login(home, PASSWORD)) !== 'ok') return 'the right password was refused'
      stage.pass(20 * DAY)
      await guess(stage, home, 12)
      if (stage.jail.barred(home, 'login') !== undefined) return 'the address is banned'
      stage.pass(13 * 60 * MINUTE)
      return expect((await stage.login(home, PASSWORD)) === 'ok', 'the right password is refused afterwards')
    },
  },
  {
    says: 'the same wrong saved password, again and again, is one offence',
    play: async () => {
      const stage = await openStage()
      for (let index = 0; index < 200; index += 1) {
        await stage.login(home, 'the password of last year')
        stage.pass(MINUTE)
      }
      return expect(stage.jail.barred(home, 'login') === undefined, 'a phone with an old password is banned')
    },
  },
  {
    says: 'a ban that was earned on port 25 does not close the ports where people read',
    play: async () => {
      const stage = await openStage()
      stage.jail.offence(spam(home))
      if (stage.jail.barred(home, 'mail') === undefined) return 'spam earned no ban'
      return expect(stage.jail.barred(home, 'login') === undefined, 'it closes the login ports too')
    },
  },
  {
    says: "a large provider is not banned for one customer's spam: the sentence falls on the customer",
    play: async () => {
      const stage = await openStage()
      const sender = { domain: 'gmail.com', address: 'spammer@gmail.com', domainTrusted: true, addressTrusted: false }
      stage.jail.offence(spam('209.85.220.41', { hostTrusted: true, networkTrusted: true, sender }))
      if (stage.jail.barred('209.85.220.41', 'mail') !== undefined) return 'the provider is banned'
      if (stage.jail.barredSender('friend@gmail.com') !== undefined) return 'its other customers are banned'
      return expect(stage.jail.barredSender('spammer@gmail.com') !== undefined, 'the spammer is not banned')
    },
  },
  {
    says: 'a forwarder and a mailing list that bring wanted mail stay open, whatever comes through them',
    play: async () => {
      const stage = await openStage()
      for (const ip of ['192.0.2.25', '192.0.2.80'])
        for (const kind of ['spam-rejected', 'spam-flagged', 'spam-flagged', 'spamtrap', 'unknown-recipient'] as const)
          stage.jail.offence({ kind, ip, service: 'mail', hostTrusted: true, networkTrusted: true })
      return expect(
        ['192.0.2.25', '192.0.2.80'].every((ip) => stage.jail.barred(ip, 'mail') === undefined),
        'a host that brings wanted mail is banned',
      )
    },
  },
  {
    says: 'a network on the allow list is never banned',
    play: async () => {
      const stage = await openStage({ allow: '198.51.100.0/24' })
      await guess(stage, home, 10)
      stage.jail.offence(spam(home))
      stage.jail.ban(home, DAY, 'by hand, even')
      return expect(
        stage.jail.barred(home, 'login') === undefined && stage.jail.barred(home, 'mail') === undefined,
        'an allowed address is refused',
      )
    },
  },
  {
    says: "neighbours' guessing closes their network, and not the owner's address in it",
    play: async () => {
      const stage = await openStage()
      await stage.login(home, PASSWORD)
      for (let neighbour = 20; neighbour < 60; neighbour += 1)
        await guess(stage, `198.51.100.${neighbour}`, 2, String(neighbour))
      if (stage.jail.barred('198.51.100.200', 'login') === undefined)
        return 'the network is not banned after 80 guesses'
      return expect((await stage.login(home, PASSWORD)) === 'ok', "the owner's address is shut out with them")
    },
  },
  {
    says: 'a ban ends by itself, also when the clock is set back',
    play: async () => {
      const stage = await openStage()
      await guess(stage, stranger, 4)
      stage.pass(-5 * DAY)
      stage.jail.sweep()
      stage.pass(3 * 60 * MINUTE)
      return expect(stage.jail.barred(stranger, 'login') === undefined, 'three hours later it is still in force')
    },
  },
  {
    says: 'a restart restores what is left of a ban, and no more',
    play: async () => {
      const stage = await openStage()
      stage.jail.offence(spam(stranger))
      const before = stage.jail.barred(stranger, 'mail')?.until
      const again = await stage.restarted()
      if (again.barred(stranger, 'mail')?.until !== before) return 'the ban is another after a restart'
      stage.pass(11 * 60 * MINUTE)
      return expect((await stage.restarted()).barred(stranger, 'mail') === undefined, 'it outlives its term')
    },
  },
  {
    says: '`postern pardon` undoes a ban at once, and its record',
    play: async () => {
      const stage = await openStage()
      await guess(stage, stranger, 4)
      stage.jail.pardon(stranger)
      if (stage.jail.barred(stranger, 'login') !== undefined) return 'the ban is still in force'
      return expect((await stage.login(stranger, PASSWORD)) === 'ok', 'the address cannot log in after the pardon')
    },
  },
  {
    says: 'a name made to look like an address bans nobody else',
    play: async () => {
      const stage = await openStage()
      for (let index = 0; index < 6; index += 1)
        await stage.login(stranger, `x ${index}`, `${OWNER} from ${home} port 22 ssh2: failed for 198.51.100.7`)
      return expect(stage.jail.barred(home, 'login') === undefined, 'the address in the name is banned')
    },
  },
]
