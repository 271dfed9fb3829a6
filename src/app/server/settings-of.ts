/** From the settings as people write them to the forms that the rooms ask for. Pure. */
import type { PostSettings } from '../../post/settings.ts'
import { postDefaults } from '../../post/settings.ts'
import type { Settings } from '../settings/schema.ts'

/** What the post office asks for. */
export const postSettings = (settings: Settings): PostSettings => {
  const { spam, bans, keep, submission } = settings
  return {
    host: settings.host,
    postmaster: settings.postmaster === '' ? undefined : settings.postmaster,
    scan: { verify: spam.scan && spam.verify, score: spam.scan, summary: spam.scan },
    lookups: { reverse: spam.scan || bans.requireReverse, dnsbl: spam.scan },
    requireReverse: bans.requireReverse,
    spam: {
      flag: spam.flag,
      reject: spam.reject,
      honourDmarc: spam['honour-dmarc'],
      keepRejected: spam['keep-rejected'],
    },
    mostHops: postDefaults.mostHops,
    submission: {
      showClient: submission['show-client'],
      sharedAliases: submission['shared-aliases'],
      triesMs: postDefaults.submission.triesMs,
    },
    forward: settings.forward,
    trustedSealers: spam['trusted-sealers'],
    keepReceiptsMs: keep.receipts,
    keepJunkMs: keep.junk,
    keepRejectedMs: keep.rejected,
    reportAddresses: settings.reports.addresses.map((address) => address.toLowerCase()),
    jail: { enabled: bans.enabled, sentences: bans.sentences, allow: bans.allow, banLoopback: bans.loopback },
  }
}
