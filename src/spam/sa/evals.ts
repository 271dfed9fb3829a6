/** Data: the table of functions that `eval:` rules call, by name; each in the file of its trade. What is not here is told of once, and never scored. */

import { bodyEvals } from './evals/body.ts'
import type { Eval } from './evals/call.ts'
import { freemailEvals } from './evals/freemail.ts'
import { headerEvals } from './evals/header.ts'
import { htmlEvals } from './evals/html.ts'
import { imageEvals } from './evals/image.ts'
import { listEvals } from './evals/list.ts'
import { mimeEvals } from './evals/mime.ts'
import { relayEvals } from './evals/relay.ts'
import { uriEvals } from './evals/uri.ts'

export const evals: ReadonlyMap<string, Eval> = new Map(
  Object.entries({
    ...bodyEvals,
    ...freemailEvals,
    ...headerEvals,
    ...htmlEvals,
    ...imageEvals,
    ...listEvals,
    ...mimeEvals,
    ...relayEvals,
    ...uriEvals,
  }),
)

/** They ask the network or a learner: SpamAssassin does not run them either when it runs alone. */
export const networkEvals: ReadonlySet<string> = new Set(
  (
    'check_rbl check_rbl_sub check_rbl_txt check_rbl_envfrom check_rbl_headers check_rbl_from_host check_uridnsbl check_dns_sender check_bayes check_razor2 ' +
    'check_razor2_range check_pyzor check_dcc check_dcc_reputation_range check_hashbl_bodyre check_hashbl_emails check_hashbl_uris check_senders_reputation ' +
    'check_from_in_auto_whitelist check_from_in_auto_welcomelist check_access_database check_shortcircuit check_arc_signed check_arc_valid check_dkim_dependable'
  ).split(' '),
)
