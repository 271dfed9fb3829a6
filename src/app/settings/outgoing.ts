/** The settings of what people may send: thresholds of the outgoing scan, budgets, attention, freezing. Defaults are those of src/post/guard/settings.ts. */
import * as z from 'zod'
import { guardDefaults as defaults, type GuardSettings, type Limits } from '../../post/guard/settings.ts'
import { count, duration, points, writeDuration, yes } from './kinds.ts'
import { limitsOf } from './limits.ts'

/** How many times as much: 1 to 1,000, not only whole numbers. */
const factor = (byDefault: number, says: string) =>
  z
    .number({ error: 'must be a number' })
    .min(1, { error: 'must be at least 1' })
    .max(1000, { error: 'must be at most 1000' })
    .default(byDefault)
    .describe(says)

const budget = (of: Limits[keyof Limits], says: string) =>
  limitsOf(of, {
    messages: ['count', 'Messages.'],
    recipients: ['count', 'Recipients, all messages together.'],
    firstTime: ['count', 'Of those, whom the account never wrote to nor had mail from before.'],
  }).describe(says)

const attention = z
  .strictObject({
    lasts: duration(
      writeDuration(defaults.attentionMs),
      'A network (/24, or /48 of IPv6) that an account was never used from is new for so long; "0 s" switches attention off.',
    ),
    remember: duration(writeDuration(defaults.rememberMs), 'A network that was not seen for so long is new again.'),
    points: points(defaults.attentionPoints, 'Both thresholds are lower by so many points for what comes from there.'),
    hour: budget(
      defaults.attentionBudget.hour,
      'What an account may send in an hour from a network that is new to it.',
    ),
    day: budget(defaults.attentionBudget.day, 'What an account may send in a day from a network that is new to it.'),
  })
  .prefault({})
  .describe('A network that an account was never used from raises attention: less goes out from there, for some hours.')

export const outgoingSection = z
  .strictObject({
    enabled: yes(defaults.enabled, 'Watch over what people send. false: everything goes, whoever has the password.'),
    flag: points(
      defaults.flag,
      'A message with so many points leaves; from a network that is new to the account it is held.',
    ),
    reject: points(defaults.reject, 'From this score on a message is refused, and the mail program says why.'),
    'far-beyond': points(
      defaults.farBeyond,
      'So many points above that counts as two refusals; from a new network it freezes the account at once.',
    ),
    refusals: count(
      defaults.strikes,
      1,
      1000,
      'So many refusals (or messages held because they go to strangers from a new network)…',
    ),
    within: duration(writeDuration(defaults.strikesWithinMs), '…in so long freeze the account.'),
    hour: budget(defaults.budget.hour, 'What a new account may send in an hour; more is held until there is room.'),
    day: budget(defaults.budget.day, 'What a new account may send in a day.'),
    growth: factor(defaults.growth, 'An old account may send so many times as much…'),
    'grows-in': duration(writeDuration(defaults.growMs), '…and becomes old in this time, counted anew after a freeze.'),
    habit: factor(
      defaults.habit,
      'Nobody has less room than so many times his busiest hour and day, once two days have passed over them without a refusal…',
    ),
    'most-habit': factor(
      defaults.mostHabit,
      '…but never more, for that, than so many times the budget of a new account.',
    ),
    held: count(defaults.mostHeld, 0, 100_000, 'Messages of one account that are held in a day; more are refused.'),
    'tell-held': yes(defaults.tellHeld, 'The owner gets a mail when something is held, once a day at most.'),
    'tell-new-network': yes(
      defaults.tellNewNetwork,
      'The owner gets a mail when the account is used from a new network. Telephones change theirs often.',
    ),
    attention,
  })
  .prefault({})
  .transform(
    (given): GuardSettings => ({
      enabled: given.enabled,
      flag: given.flag,
      reject: given.reject,
      farBeyond: given['far-beyond'],
      strikes: given.refusals,
      strikesWithinMs: given.within,
      budget: { hour: given.hour, day: given.day },
      growth: given.growth,
      growMs: given['grows-in'],
      habit: given.habit,
      mostHabit: given['most-habit'],
      attentionBudget: { hour: given.attention.hour, day: given.attention.day },
      attentionPoints: given.attention.points,
      attentionMs: given.attention.lasts,
      rememberMs: given.attention.remember,
      mostHeld: given.held,
      tellHeld: given['tell-held'],
      tellNewNetwork: given['tell-new-network'],
    }),
  )
  .describe(
    'What people may send: a stolen password must not ruin the name of this server. Nothing is lost: what is too much is held, what is spam is refused, an account that spams is frozen.',
  )
