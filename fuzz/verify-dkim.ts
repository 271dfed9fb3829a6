/** DKIM: any octets are a message, its signatures are read or refused, and canonicalising twice is canonicalising once. */
import assert from 'node:assert/strict'
import { BodyHasher, canonField, withoutSignature } from '../src/verify/canon.ts'
import { readKey } from '../src/verify/dkim-key.ts'
import { readClaims, readSignature } from '../src/verify/dkim-signature.ts'
import { readMessage } from '../src/verify/fields.ts'
import type { FuzzTarget } from './target.ts'

export const target: FuzzTarget = {
  name: 'verify-dkim',
  seeds: () =>
    [
      'DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/simple; d=example.com; s=sel;\r\n\th=from:to; i=a=20b@x.example.com; l=5; t=1; x=2; bh=AAAA; b=BB==\r\nFrom: a@b\r\n\r\nbody \t\r\n\r\n',
      'v=DKIM1; k=ed25519; h=sha256; s=email; t=y:s; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=',
      'dkim-signature : v=1\nFrom: x\n y\n\nbody',
    ].map((text) => Buffer.from(text, 'latin1')),
  run: (input) => {
    const message = readMessage(input)
    for (const field of message.fields) {
      readSignature(field.value)
      readClaims(field.value)
      const once = canonField(field.text, 'relaxed')
      assert.equal(canonField(once, 'relaxed'), once)
      assert.equal(withoutSignature(withoutSignature(field.text)), withoutSignature(field.text))
      assert.ok(field.from < field.to && field.to <= input.length * 2)
    }
    readKey(Buffer.from(input).toString('latin1'), false)
    for (const how of ['simple', 'relaxed'] as const) {
      const whole = new BodyHasher(how, undefined)
      whole.feed(message.body)
      const halves = new BodyHasher(how, undefined)
      halves.feed(message.body.subarray(0, message.body.length >> 1))
      halves.feed(message.body.subarray(message.body.length >> 1))
      assert.deepEqual(halves.finish(), whole.finish())
    }
  },
}
