/**
 * Data: our tests of the words: what fraud and advertising say, in the languages of their victims. Patterns run over lower-case text of bounded
 * length and have no nested repetition. Pure.
 */
import type { Look } from '../look.ts'
import type { SpamTest } from '../row.ts'

/** How many different ones of the patterns are found, up to `enough`. */
const count = (text: string, patterns: readonly RegExp[], enough: number): number => {
  let found = 0
  for (const pattern of patterns) if (pattern.test(text) && ++found >= enough) break
  return found
}
const says = (look: Look, patterns: readonly RegExp[], enough = 1): boolean =>
  count(look.lower(), patterns, enough) >= enough

const fraud: readonly RegExp[] = [
  /\b(?:million|mil\.?)\s+(?:us\s+|united states\s+)?(?:dollars|euros?|pounds|usd|gbp)|\b(?:us|usd|eur|gbp)?\s?[$€£]\s?\d[\d,.]{4,}\s*(?:million|m\b)?/,
  /\bnext of kin\b|\bbeneficiary\b|\binheritance\b|\berbschaft\b|\bh[ée]ritage\b|\bherencia\b|\bspadk/,
  /\bbarrister\b|\bdeceased\b|\blate (?:husband|father|client)\b|\bverstorben|\bd[ée]c[ée]d[ée]/,
  /\b(?:nigeria|lagos|ivory coast|sierra leone|burkina faso|benin|togo|congo|zaire|abidjan)\b/,
  /\bconfidential(?:ity|ly)?\b|\bstrictly private\b|\bstreng vertraulich\b|\bconfidentiel|\bconfidencial\b/,
  /\bforeign (?:partner|account)\b|\bbank account\b|\bbankverbindung\b|\bcompte bancaire\b|\bcuenta bancaria\b/,
  /\b(?:transfer|remit|move)(?:ring|ting)? (?:of )?(?:the |this )?(?:sum|fund|money|amount)|\bvaliji?se\b|\bconsignment\b/,
  /\bgod bless\b|\bdear (?:beloved|friend in|sir\/madam|one)\b|\bgottes segen\b|\bque dieu\b/,
  /\b(?:assist(?:ance)?|co-?operation|trust) .{0,40}\b(?:transaction|business|proposal)\b|\bbusiness proposal\b/,
]
const winnings: readonly RegExp[] = [
  /\b(?:you(?:'ve| have)?|your (?:e-?mail|address)) (?:has |have )?(?:been )?(?:won|selected|chosen)\b/,
  /\blotter(?:y|ie|ia)\b|\bsweepstakes?\b|\blott?o\b|\bgewinnspiel\b|\bloter[ií]a\b|\bloterie\b/,
  /\bwinning (?:number|notification)|\bclaim your (?:prize|reward|gift|bonus)|\bgewonnen\b|\bhas ganado\b|\bvous avez gagn|\bhai vinto\b/,
  /\bgift ?card\b|\bgutschein\b|\bcarte cadeau\b|\btarjeta regalo\b|\bfree (?:iphone|ipad|gift|laptop)\b/,
]
const account: readonly RegExp[] = [
  /\b(?:verify|confirm|update|validate|restore) (?:your|the) (?:account|identity|information|billing|payment|password|mailbox|e-?mail)/,
  /\b(?:account|mailbox|konto|compte|cuenta|conto)\b.{0,60}\b(?:suspended|limited|locked|blocked|expire[ds]?|deactivated|gesperrt|eingeschr[aä]nkt|suspendu|bloqu[ée]|bloquead|suspendid|sospes|bloccat)/,
  /\bunusual (?:activity|sign-?in|login)\b|\bungew[oö]hnliche (?:aktivit|anmeldung)|\bactivit[ée] (?:inhabituelle|suspecte)|\bactividad (?:inusual|sospechosa)/,
  /\b(?:mailbox|storage|quota) (?:is |has )?(?:almost |nearly )?(?:full|exceeded)|\bpostfach .{0,20}voll\b/,
  /\bwithin (?:the next )?(?:24|48|72) hours\b|\binnerhalb von (?:24|48|72) stunden\b|\bsous (?:24|48|72) ?h|\ben (?:24|48|72) horas\b|\bentro (?:24|48|72) ore\b/,
  /\b(?:click|log ?in|sign in) (?:here|below|on the (?:link|button))? ?.{0,30}\b(?:to )?(?:verify|confirm|restore|reactivate|unlock|avoid)/,
  /\bpasswor[dt].{0,30}\b(?:expire|abl[aä]uf|expir|caduc|scad)/,
]
const blackmail: readonly RegExp[] = [
  /\b(?:bc1[a-z0-9]{20,60}|[13][a-km-z1-9]{25,34})\b/,
  /\b(?:bitcoin|btc|litecoin|usdt|monero)\b/,
  /\b(?:webcam|your camera|kamera|cam[ée]ra|malware|spyware|trojan|rat software)\b/,
  /\b(?:masturbat|porn|adult (?:site|video|content)|intimate|sex video)/,
  /\b(?:i (?:have )?(?:hacked|recorded|infected)|all your contacts|ich habe .{0,30}gehackt|j'ai pirat|he hackeado)/,
]
const money: readonly RegExp[] = [
  /\b(?:make|earn|verdienen sie|gagnez|gane) .{0,25}[$€£] ?\d|\b[$€£] ?\d[\d,.]* (?:per|a|pro|par|por) (?:day|week|month|hour|tag|woche|monat|jour|semaine|mes|d[ií]a)\b/,
  /\b(?:work (?:from|at) home|home[- ]based business|financial (?:freedom|independence)|be your own boss|extra income|heimarbeit|nebenverdienst|travail à domicile|trabaj[ae] desde casa)/,
  /\b(?:multi-?level|mlm|pyramid|downline|residual income|get rich)\b/,
  /\b(?:100 ?%|absolutely|risk) (?:free|guaranteed|legal)|\bno (?:risk|obligation|selling|investment)\b|\bsatisfaction guaranteed|\bmoney[- ]back\b/,
  /\bact (?:now|today|fast)\b|\blimited (?:time|offer)|\boffer expires\b|\bdon'?t (?:miss|delay|wait)\b|\bnur (?:noch )?heute\b|\boffre limit/,
  /\bcredit (?:cards? accepted|repair|report)|\bbad credit|\bconsolidat\w+ .{0,20}(?:debt|bills)|\beliminate .{0,12}debt/,
]
const loans: readonly RegExp[] = [
  /\b(?:mortgage|refinanc\w+|home equity|loan) .{0,30}\b(?:rates?|quote|offer|approved|approval|lenders?)\b|\b(?:lowest|low) (?:interest )?rates?\b/,
  /\b(?:payday|quick|instant|personal) loans?\b|\bsofortkredit\b|\bkredit ohne\b|\bpr[êe]t (?:rapide|personnel)\b|\bpr[ée]stamos? r[áa]pid/,
  /\blife insurance\b|\binsurance quotes?\b|\bterm (?:life )?policy\b/,
  /\bpre-?approved\b|\byou(?:'re| are) approved\b/,
]
const health: readonly RegExp[] = [
  /\bv[i1!|]agr[a@]\b|\bc[i1!|]al[i1!|]s\b|\blevitra\b|\bpotenzmittel\b|\bxanax\b|\bvalium\b|\bphentermine\b|\bozempic\b|\bsemaglutide?\b/,
  /\bonline pharmacy\b|\b(?:no|without) prescription\b|\bohne rezept\b|\bsans ordonnance\b|\bsin receta\b/,
  /\b(?:lose|burn) (?:up to |over )?(?:\d+ )?(?:weight|fat|pounds|lbs|kg|inches)\b|\babnehmen\b|\bperdre du poids\b|\bbajar de peso\b|\bweight loss\b/,
  /\bpenis\b|\benlarge(?:ment)?\b|\berection|\berektion|\bsexual (?:performance|health|desire)\b/,
  /\b(?:hgh|growth hormone|anti-?aging|cbd (?:oil|gummies)|keto (?:gummies|diet)|wrinkles)\b|\bage[- ]defying\b/,
]
const adult: readonly RegExp[] = [
  /\b(?:xxx|hardcore|porn\w*|sluts?|horny|nude|naked|teens?) .{0,30}\b(?:sex|girls?|pics?|pictures|videos?|cams?|site|action|women|babes)\b/,
  /\b(?:live|free) (?:sex|girls|webcams?|porn|xxx)\b|\badult (?:web)?sites?\b|\bover 18\b|\b18 years (?:or|of age)\b/,
  /\b(?:single|sexy|russian|ukrainian|asian|hot) (?:women|ladies|girls|singles)\b|\bcasual (?:sex|encounter)|\bfick\w*\b/,
]
const advertising: readonly RegExp[] = [
  /\b(?:bulk|targeted|opt-?in) e-?mails?\b|\bmillions? of (?:e-?mail )?addresses\b|\be-?mail (?:marketing|addresses|blast)\b/,
  /\b(?:seo|backlinks?|first page of google|search engine (?:ranking|optimi[sz]ation)|web traffic|rank .{0,20}google)\b/,
  /\b(?:toner|ink) cartridges?\b|\binkjet\b|\bcable (?:tv )?(?:descrambler|filter)|\buniversity diplomas?\b|\breplica\b|\brolex\b/,
  /\b(?:stock|shares) .{0,30}\b(?:alert|pick|symbol|target price|undervalued)|\b(?:otc|otcbb|pink sheets)\b|\bstrong buy\b/,
  /\bcasinos?\b|\bfree spins\b|\bonline (?:betting|slots|poker)\b|\bjackpot\b/,
]
const leaving: readonly RegExp[] = [
  /\bthis (?:e-?mail|message|mailing) (?:is|was|has been) (?:never )?(?:sent|not (?:sent )?(?:un)?solicited|in compliance|not spam)|\bthis is not (?:a )?spam\b/,
  /\b(?:to be removed|be removed from|removed? (?:me )?from (?:this|our|future|my|the) (?:mail|list|e-?mail)|to opt[- ]?out|unsubscribe (?:by|send|reply)|remove["'» ]{0,3} in the subject)/,
  /\bs\.? ?1618\b|\bsection 301\b|\bcan-?spam act\b|\bbill 1618\b|\bmurkowski\b/,
  /\byou (?:are receiving|have received|received|were sent) this (?:e-?mail|message|mailing|offer|special)? ?.{0,20}\b(?:because|as) (?:you|a)\b|\byou(?:r e-?mail address)? (?:was|were|have) (?:obtained|opted|signed up|subscribed|registered)/,
  /\bremove@|\bunsubscribe@|\bremoveme\b|mailto:[^\s"']{0,60}subject=(?:remove|unsubscribe)/,
]

export const textTests: readonly SpamTest[] = [
  {
    name: 'WORDS_FRAUD',
    says: 'it speaks as advance-fee fraud does: a fortune, a stranger, your account',
    score: 2.4,
    hit: (look) => says(look, fraud, 3),
  },
  {
    name: 'WORDS_FRAUD_SURE',
    says: 'it has nearly every phrase of an advance-fee fraud',
    score: 2.6,
    hit: (look) => says(look, fraud, 5),
  },
  { name: 'WORDS_WINNINGS', says: 'it promises a prize', score: 1.1, hit: (look) => says(look, winnings, 1) },
  {
    name: 'WORDS_ACCOUNT',
    says: 'it asks to verify an account or warns that one is locked',
    score: 1.5,
    hit: (look) => says(look, account, 1),
  },
  {
    name: 'WORDS_ACCOUNT_SURE',
    says: 'it presses the reader to verify an account within hours',
    score: 2.0,
    hit: (look) => says(look, account, 2),
  },
  {
    name: 'WORDS_BLACKMAIL',
    says: 'it threatens with a recording and asks for coins',
    score: 3.5,
    hit: (look) => says(look, blackmail, 3),
  },
  {
    name: 'WORDS_MONEY',
    says: 'it promises money, or presses to act at once',
    score: 1.4,
    hit: (look) => says(look, money, 1),
  },
  {
    name: 'WORDS_MONEY_SURE',
    says: 'it promises easy money in several phrases',
    score: 1.8,
    hit: (look) => says(look, money, 3),
  },
  { name: 'WORDS_LOANS', says: 'it offers loans or insurance', score: 1.4, hit: (look) => says(look, loans, 1) },
  {
    name: 'WORDS_HEALTH',
    says: 'it offers drugs, potency or an easy diet',
    score: 1.8,
    hit: (look) => says(look, health, 1),
  },
  { name: 'WORDS_ADULT', says: 'it offers sex', score: 1.8, hit: (look) => says(look, adult, 1) },
  {
    name: 'WORDS_ADVERTISING',
    says: 'it sells what is mostly sold by spam: addresses, ranks, replicas, stocks, gambling',
    score: 1.2,
    hit: (look) => says(look, advertising, 1),
  },
  {
    name: 'WORDS_LEAVING',
    says: 'it explains at length that it is no spam, or how to be removed',
    score: 1.3,
    hit: (look) => !look.has('list-unsubscribe') && says(look, leaving, 1),
  },
  {
    name: 'WORDS_LEAVING_SURE',
    says: 'it says in several ways that it is no spam and how to be removed',
    score: 1.1,
    hit: (look) => !look.has('list-unsubscribe') && says(look, leaving, 2),
  },
  {
    name: 'WORDS_CLICK',
    says: 'it asks to click here',
    score: 0.5,
    hit: (look) =>
      /\bclick (?:here|below|on the link|this link|the button)\b|\bklicken sie hier\b|\bhier klicken\b|\bcliquez ici\b|\bhaga clic\b|\bclic aqu[ií]\b|\bclicca qui\b|\bclique aqui\b|\bkliknij tutaj\b|\bklik hier\b/.test(
        look.lower(),
      ),
  },
  {
    name: 'WORDS_DEAR_NOBODY',
    says: 'it greets a stranger: Dear customer, Dear friend, or by address',
    score: 1.6,
    hit: (look) =>
      /(?:^|\n|\s)(?:dear|hello|hi|attn:?|attention:?|sehr geehrter?|lieber?|cher|chère|estimado|gentile|prezado) (?:e-?mail |web ?mail |mail |valued |account |bank )?(?:customers?|clients?|friends?|users?|members?|owner|sir|madam|winner|beneficiary|home ?owner|investor|kunde|kundin|nutzer|cliente?|usuario|utilisateur|[\w.+-]+@[\w.-]+)\b/.test(
        look.lower().slice(0, 3000),
      ),
  },
  {
    name: 'TEXT_CAPS',
    says: 'much of the text is in capitals',
    score: 1.2,
    hit: (look) => {
      const text = look.text().slice(0, 8000)
      const big = text.match(/\p{Lu}/gu)?.length ?? 0
      const small = text.match(/\p{Ll}/gu)?.length ?? 0
      return big + small > 200 && big > small * 0.6
    },
  },
  {
    name: 'TEXT_GAPS',
    says: 'letters of words stand apart in the text, to get past filters',
    score: 1.3,
    hit: (look) => /(?:^|\s)(?:[a-z][ .*_-]){5,}[a-z](?:\s|$)/.test(look.lower().slice(0, 20_000)),
  },
  {
    name: 'TEXT_EMPTY',
    says: 'there is nothing to read in it',
    score: 0.9,
    hit: (look) => look.text().trim() === '' && look.files().length === 0,
  },
]
