/** Data: the routers that `postern router` prints for. */
import { iptables, linuxRefusal, nftables, openwrt } from './linux.ts'
import { mikrotik, mikrotikRefusal } from './mikrotik.ts'
import { pf, pfRefusal } from './pf.ts'
import type { Plan } from './plan.ts'

type Target = {
  readonly print: (plan: Plan) => string
  /** @returns a sentence when this router cannot keep the plan. */
  readonly refusal: (plan: Plan) => string | undefined
}

export const targets: Readonly<Record<string, Target>> = {
  nftables: { print: nftables, refusal: linuxRefusal },
  iptables: { print: iptables, refusal: linuxRefusal },
  openwrt: { print: openwrt, refusal: linuxRefusal },
  mikrotik: { print: mikrotik, refusal: mikrotikRefusal },
  pf: { print: pf, refusal: pfRefusal },
}
