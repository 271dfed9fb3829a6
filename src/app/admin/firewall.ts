/** What the administrator can ask of the packet filter. */
import * as z from 'zod'
import { type Row, row } from './row.ts'

const absent =
  'no firewall process listens, so Postern refuses the banned by itself; start `postern firewall run` as root, or set [firewall] mode = "run"'

export const firewallRows: Readonly<Record<string, Row>> = {
  firewall: row(z.object({ verb: z.enum(['status', 'print', 'flush']) }), async ({ firewall }, { verb }) => {
    if (firewall?.isConnected() !== true)
      return verb === 'status' ? { ok: true, value: { connected: false, says: absent } } : { ok: false, says: absent }
    const answer = await firewall.ask(verb)
    if (!answer.ok) return { ok: false, says: answer.error }
    const { ok, why, text, backend, ports, banned } = answer.value
    return ok === true
      ? { ok: true, value: { connected: true, text, backend, ports, banned } }
      : { ok: false, says: String(why) }
  }),
}
