/** What the administrator can ask of the purge: how the last one went, and one now. */
import * as z from 'zod'
import { lastTidied, tidyHouse } from '../../post/tidy.ts'
import { type Row, row, told } from './row.ts'

export const purgeRows: Readonly<Record<string, Row>> = {
  'purge-status': row(z.object({}), async ({ store, now }) => told(await lastTidied(store, now()), (last) => last)),
  purge: row(
    z.object({
      keepJunkMs: z.number().nonnegative(),
      junkRoom: z.number().nonnegative(),
      keepRejectedMs: z.number().nonnegative(),
    }),
    async ({ store, now, log }, keep) => told(await tidyHouse({ store, now, log, ...keep }), (done) => done),
  ),
}
