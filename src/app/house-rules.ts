/**
 * Data: the page for the people in the office: how not to lose a password or a PC, in one page. Pure.
 * It is written for people who have other work: what to do first, and why in half a sentence.
 */
type Rule = { readonly title: string; readonly says: string }
/** What the page knows of the house; what is unknown is left as a line to fill in by hand. */
type House = { readonly host: string | undefined; readonly postmaster: string | undefined }
type Page = {
  readonly title: string
  readonly lead: string
  readonly rules: readonly Rule[]
  readonly host: string | null
  readonly postmaster: string | null
}

const WIDTH = 96 // columns of a printed page
const BLANK = '______________________________'

const rulesOf = (house: House): readonly Rule[] => [
  {
    title: 'Tell at once when something went wrong',
    says: `You opened it, typed it, lost it? Tell ${house.postmaster ?? BLANK}, or come over. Early it is a matter of minutes, and nobody is blamed. Pull the network cable or switch off WLAN; leave the PC on.`,
  },
  {
    title: 'Do not open what you did not ask for',
    says: 'Files and links you did not expect stay closed, also from people you know: their account may be stolen. Ask them by telephone, with a number you had before. Never "enable content" or macros, and never run what a web page tells you to paste.',
  },
  {
    title: 'Look at the address, not at the name',
    says: 'Anybody may write any name. Read what is between < and >, up to the end. A new bank account, a gift card, an urgent payment "from the boss": call back first, always.',
  },
  {
    title: 'Never type a password after following a link',
    says: `Not for the bank, not for parcels, not for this mail server. Type the address yourself or use your bookmark. We never ask for a password by mail.${house.host === undefined ? '' : ` Our mail server is ${house.host}, and nothing else.`}`,
  },
  {
    title: 'One password a service, from a password manager',
    says: 'Let it make long random ones and fill them in: it does not fill them in on a forged page. Use passkeys or a second factor where there is one. A code or a request to approve that you did not start: refuse it, and tell.',
  },
  {
    title: 'App passwords for phones and programs',
    says: 'Each phone and each mail program gets an app password of its own, never your main one. When a phone is lost, only that one is ended: tell the same day.',
  },
  {
    title: 'Report spam by moving it to Junk',
    says: 'The filter learns from it. Do not answer, and do not "unsubscribe" from what you never asked for. Look into Junk now and then; what was wanted, move back to the inbox: it learns that too.',
  },
  {
    title: 'Updates, at once',
    says: 'System, browser, mail program, office programs, phone: let them update by themselves, and restart when they ask. What gets no updates any more does not go on the network.',
  },
  {
    title: 'No admin account for daily work',
    says: 'Work with an ordinary account; the admin account is for installing, and programs come from their maker or the store. Leave virus protection and the firewall on.',
  },
  {
    title: 'Lock the screen',
    says: 'When you get up: Windows+L, Ctrl+Cmd+Q on a Mac. PCs and phones lock themselves after a few minutes, and their disks are encrypted. USB sticks that you found are not plugged in.',
  },
  {
    title: 'Backups',
    says: 'What matters is where backups are made, not on the desktop alone. One copy is not connected to any PC, and somebody has tried to read it back.',
  },
]

const pageOf = (house: House): Page => ({
  title: 'House rules for mail and PCs',
  lead: 'Most break-ins start with one mail and one person in a hurry. Take the time; nobody here will press you to skip this.',
  rules: rulesOf(house),
  host: house.host ?? null,
  postmaster: house.postmaster ?? null,
})

const wrap = (text: string, indent: string): string => {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && indent.length + line.length + 1 + word.length > WIDTH) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line].map((one) => `${indent}${one}\n`).join('')
}

const feet = (page: Page): readonly (readonly [string, string])[] => [
  ['Mail server', page.host ?? BLANK],
  ['Who helps', page.postmaster ?? BLANK],
  ['Telephone', BLANK],
]

const writeText = (page: Page): string => {
  const rules = page.rules.map(({ title, says }, at) => `${`${at + 1}.`.padStart(3)} ${title}\n${wrap(says, '    ')}`)
  const foot = feet(page).map(([what, value]) => `${what.padEnd(12)} ${value}\n`)
  return `${page.title.toUpperCase()}\n\n${wrap(page.lead, '')}\n${rules.join('')}\n${foot.join('')}`
}

const marks: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }
const plain = (text: string): string => text.replaceAll(/[&<>"']/g, (mark) => marks[mark] ?? mark)

const style =
  '@page{size:A4;margin:15mm}body{font:10.5pt/1.35 sans-serif;max-width:46em;margin:1em auto;padding:0 1em;color:#000;background:#fff}' +
  'h1{font-size:17pt;margin:0 0 .3em}ol{padding-left:1.6em}li{margin:0 0 .45em;break-inside:avoid}li b{display:block}td{padding:.15em 1em .15em 0}'

const writeHtml = (page: Page): string => {
  const rules = page.rules.map(({ title, says }) => `<li><b>${plain(title)}</b>${plain(says)}</li>\n`)
  const foot = feet(page).map(([what, value]) => `<tr><td>${plain(what)}</td><td><b>${plain(value)}</b></td></tr>\n`)
  return (
    `<!doctype html>\n<html lang="en">\n<head><meta charset="utf-8"><title>${plain(page.title)}</title>\n<style>${style}</style></head>\n<body>\n` +
    `<h1>${plain(page.title)}</h1>\n<p>${plain(page.lead)}</p>\n<ol>\n${rules.join('')}</ol>\n<table>\n${foot.join('')}</table>\n</body>\n</html>\n`
  )
}

export type PageForm = 'text' | 'html' | 'json'
const writers: Readonly<Record<PageForm, (page: Page) => string>> = {
  text: writeText,
  html: writeHtml,
  json: (page) => `${JSON.stringify(page)}\n`,
}

/** @returns the page, with what is known of the house filled in. */
export const writeHouseRules = (house: House, form: PageForm): string => writers[form](pageOf(house))
