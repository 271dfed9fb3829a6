/** Data: the table of commands. The help and the manual are printed from it; a module is loaded only when its command is called. */
import type { CommandRow } from './command.ts'

export const commands: readonly CommandRow[] = [
  {
    name: 'demo',
    summary: 'run a whole server here, send it real mail, and show what it does',
    load: async () => (await import('./demo.ts')).demo,
  },
  {
    name: 'quickstart',
    summary: 'write a configuration and make your account',
    load: async () => (await import('./quickstart.ts')).quickstart,
  },
  { name: 'serve', summary: 'run the server', load: async () => (await import('./serve.ts')).serve },
  {
    name: 'account add',
    summary: 'make an account',
    load: async () => (await import('./account.ts')).accountAdd,
  },
  { name: 'account list', summary: 'list the accounts', load: async () => (await import('./account.ts')).accountList },
  {
    name: 'account password',
    summary: 'give an account another password',
    load: async () => (await import('./account.ts')).accountPassword,
  },
  {
    name: 'account quota',
    summary: 'set the room of an account',
    load: async () => (await import('./account.ts')).accountQuota,
  },
  {
    name: 'account budget',
    summary: 'how much an account may send',
    load: async () => (await import('./sending.ts')).accountBudget,
  },
  {
    name: 'account freeze',
    summary: 'close an account, hold its mail',
    load: async () => (await import('./frozen.ts')).accountFreeze,
  },
  {
    name: 'account frozen',
    summary: 'list frozen accounts, and why',
    load: async () => (await import('./frozen.ts')).accountFrozen,
  },
  {
    name: 'account thaw',
    summary: 'open a frozen account, release or drop what was held',
    load: async () => (await import('./frozen.ts')).accountThaw,
  },
  {
    name: 'account second-address',
    summary: 'where the owner is told of a freeze',
    load: async () => (await import('./sending.ts')).accountSecondAddress,
  },
  {
    name: 'account remove',
    summary: 'remove an account with its mail',
    load: async () => (await import('./account.ts')).accountRemove,
  },
  {
    name: 'account app-password add',
    summary: 'make a password for one program or device',
    load: async () => (await import('./app-password.ts')).appPasswordAdd,
  },
  {
    name: 'account app-password list',
    summary: 'list them, with their last use',
    load: async () => (await import('./app-password.ts')).appPasswordList,
  },
  {
    name: 'account app-password revoke',
    summary: 'end one, and the sessions that used it',
    load: async () => (await import('./app-password.ts')).appPasswordRevoke,
  },
  {
    name: 'account programs',
    summary: 'whether mail programs need an app password',
    load: async () => (await import('./app-password.ts')).accountPrograms,
  },
  { name: 'domain add', summary: 'take on a domain', load: async () => (await import('./domain.ts')).domainAdd },
  { name: 'domain list', summary: 'list the domains', load: async () => (await import('./domain.ts')).domainList },
  {
    name: 'domain remove',
    summary: 'give up a domain',
    load: async () => (await import('./domain.ts')).domainRemove,
  },
  { name: 'dns', summary: 'the DNS records that your domains need', load: async () => (await import('./dns.ts')).dns },
  {
    name: 'alias add',
    summary: 'an alias, a spamtrap, a refused address',
    load: async () => (await import('./alias.ts')).aliasAdd,
  },
  { name: 'alias list', summary: 'list all addresses', load: async () => (await import('./alias.ts')).aliasList },
  { name: 'alias remove', summary: 'forget an address', load: async () => (await import('./alias.ts')).aliasRemove },
  {
    name: 'ban list',
    summary: 'who is kept out, and until when',
    load: async () => (await import('./ban.ts')).banList,
  },
  { name: 'ban set', summary: 'keep somebody out', load: async () => (await import('./ban.ts')).banSet },
  {
    name: 'firewall run',
    summary: 'the process that puts bans into the packet filter',
    load: async () => (await import('./firewall.ts')).firewallRun,
  },
  {
    name: 'firewall status',
    summary: 'whether bans reach the packet filter',
    load: async () => (await import('./firewall.ts')).firewallStatus,
  },
  {
    name: 'firewall print',
    summary: 'what the packet filter holds',
    load: async () => (await import('./firewall.ts')).firewallPrint,
  },
  {
    name: 'firewall flush',
    summary: 'take our bans out of the packet filter',
    load: async () => (await import('./firewall.ts')).firewallFlush,
  },
  {
    name: 'queue list',
    summary: 'what is to leave, and why it has not',
    load: async () => (await import('./queue.ts')).queueList,
  },
  { name: 'queue show', summary: 'one entry of the queue', load: async () => (await import('./queue.ts')).queueShow },
  { name: 'queue hold', summary: 'keep mail back', load: async () => (await import('./queue.ts')).queueHold },
  { name: 'queue release', summary: 'let it go', load: async () => (await import('./queue.ts')).queueRelease },
  { name: 'queue retry', summary: 'try again now', load: async () => (await import('./queue.ts')).queueRetry },
  {
    name: 'queue drop',
    summary: 'remove mail from the queue',
    load: async () => (await import('./queue.ts')).queueDrop,
  },
  {
    name: 'queue route',
    summary: 'where mail for a domain would go',
    load: async () => (await import('./queue.ts')).queueRoute,
  },
  { name: 'pardon', summary: 'lift a ban', load: async () => (await import('./ban.ts')).pardon },
  {
    name: 'watch test',
    summary: "try a filter of fail2ban's on a log",
    load: async () => (await import('./watch.ts')).watchTest,
  },
  {
    name: 'watch list',
    summary: 'which logs are watched, by which filters',
    load: async () => (await import('./watch.ts')).watchList,
  },
  {
    name: 'watch import',
    summary: "settings for what fail2ban's jails watch",
    load: async () => (await import('./watch-import.ts')).watchImport,
  },
  { name: 'why', summary: 'how a message was judged', load: async () => (await import('./why.ts')).why },
  {
    name: 'config describe',
    summary: 'every setting, with its default',
    load: async () => (await import('./config.ts')).configDescribe,
  },
  {
    name: 'config check',
    summary: 'find the mistakes in a configuration',
    load: async () => (await import('./config.ts')).configCheck,
  },
  { name: 'dkim list', summary: 'the keys that sign mail', load: async () => (await import('./dkim.ts')).dkimList },
  {
    name: 'dkim records',
    summary: 'the DNS records that they need',
    load: async () => (await import('./dkim.ts')).dkimRecords,
  },
  {
    name: 'dkim rotate',
    summary: 'make new keys',
    load: async () => (await import('./dkim.ts')).dkimRotate,
  },
  {
    name: 'dkim import',
    summary: 'take over a key',
    load: async () => (await import('./dkim.ts')).dkimImport,
  },
  {
    name: 'reports list',
    summary: 'what others report of our mail',
    load: async () => (await import('./reports.ts')).reportsList,
  },
  {
    name: 'reports show',
    summary: 'one report, source by source',
    load: async () => (await import('./reports.ts')).reportsShow,
  },
  {
    name: 'rejected list',
    summary: 'what was refused, and why',
    load: async () => (await import('./rejected.ts')).rejectedList,
  },
  {
    name: 'rejected release',
    summary: 'let it go to whom it was for',
    load: async () => (await import('./rejected.ts')).rejectedRelease,
  },
  {
    name: 'purge',
    summary: 'remove old Junk, or say when that was last',
    load: async () => (await import('./purge.ts')).purge,
  },
  { name: 'check', summary: 'check the mail store', load: async () => (await import('./check.ts')).check },
  {
    name: 'selftest talk',
    summary: 'play every sentence of the jail',
    load: async () => (await import('./selftest.ts')).selftestTalk,
  },
  {
    name: 'selftest lockout',
    summary: 'show that nobody wanted is kept out',
    load: async () => (await import('./selftest.ts')).selftestLockout,
  },
  {
    name: 'spam hits',
    summary: "which of SpamAssassin's rules hit a message",
    load: async () => (await import('./spam.ts')).spamHits,
  },
  {
    name: 'spam filter',
    summary: 'the filter alone, a message a line',
    load: async () => (await import('./spam.ts')).spamFilter,
  },
  {
    name: 'verify',
    summary: 'test SPF, DKIM and DMARC cases, one a line',
    load: async () => (await import('./verify.ts')).command,
  },
]
