/** What the administrator can ask of the reports that others sent. */
import * as z from 'zod'
import { openKept } from '../../post/reports/kept.ts'
import { type Row, row, told } from './row.ts'

export const reportRows: Readonly<Record<string, Row>> = {
  'report-list': row(z.object({ since: z.number() }), async ({ store, now }, { since }) =>
    told(await openKept({ store, now }).list(since), (list) => list),
  ),
  'report-show': row(z.object({ id: z.string().max(64) }), async ({ store, now }, { id }) => {
    const found = await openKept({ store, now }).show(id)
    return found.ok && found.value === null
      ? { ok: false, says: `there is no report ${id}; \`postern reports list\` shows them` }
      : told(found, (whole) => whole)
  }),
}
