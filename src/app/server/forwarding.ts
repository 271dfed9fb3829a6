/** Sending received mail on, tied to the store and the signing. Composition. */
import type { Log } from '../../base/log.ts'
import { type Forwarding, openForwarding } from '../../post/forward.ts'
import type { Signing } from '../../post/signing.ts'
import { srsSecrets } from '../../post/srs-secret.ts'
import type { Store } from '../../store/store.ts'

const SECRET_OCTETS = 32

/** @returns the forwarding. Where the store does not give its secret, one for this run stands in: return addresses of before and after do not lead back then. */
export const openForwardingHere = async (house: {
  readonly store: Store
  readonly signing: Pick<Signing, 'seal'>
  readonly fresh: (octets: number) => Uint8Array
  readonly now: () => number
  readonly log: Log
}): Promise<Forwarding> => {
  const { store, signing, fresh, now, log } = house
  const secrets = await srsSecrets({ store, fresh, now })
  if (!secrets.ok) log.event('store-fault', { verb: 'srs', fault: secrets.error })
  return openForwarding({
    secrets: secrets.ok ? secrets.value : [fresh(SECRET_OCTETS)],
    seal: signing.seal,
    ownDomains: async () => {
      const domains = await store.domains()
      return domains.ok ? new Set(domains.value.map(({ name }) => name)) : undefined
    },
    now,
    log,
  })
}
