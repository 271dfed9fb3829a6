/**
 * BODY and BODYSTRUCTURE of a part: RFC 9051 section 7.5.2 (the forms) and section 9 (their grammar), RFC 2045 section 5.2 (defaults),
 * RFC 2231 section 6 (continuations are put together, charsets stay). Pure; both are written in one walk.
 *
 * Bounded: once MOST_TEXT octets are written, parameters, descriptions and envelopes of further parts are NIL; the tree is always whole.
 */
import { envelopeFields, writeEnvelope } from './envelope.ts'
import { writeNil, writeString } from './imap-text.ts'
import { mimeField, type Part } from './message.ts'
import { type Parameter, readParameterized, withoutComments } from './parameters.ts'
import { unfold } from './words.ts'

const MOST_TEXT = 1_048_576
const MOST_FIELD = 4096 // octets of an id, a description, a location
const MOST_LANGUAGES = 50

const usAscii: readonly Parameter[] = [['charset', 'us-ascii']]

const value = (part: Part, name: string): string | undefined => {
  const field = mimeField(part, name)
  return field === undefined ? undefined : unfold(field).trimStart().slice(0, MOST_FIELD)
}

/** The word of Content-Transfer-Encoding in its case; `7bit` where nothing usable is said. */
const writtenEncoding = (part: Part): string => {
  const field = mimeField(part, 'content-transfer-encoding')
  return field === undefined ? '7bit' : readParameterized(unfold(field)).value || '7bit'
}

/** @returns the part's Content-Transfer-Encoding, one lower-case word. */
export const encodingOf = (part: Part): string => writtenEncoding(part).toLowerCase()

const writeParameters = (parameters: readonly Parameter[]): string => {
  if (parameters.length === 0) return 'NIL'
  let text = '('
  for (const [name, octets] of parameters)
    text += `${text.length > 1 ? ' ' : ''}${writeString(name)} ${writeString(octets)}`
  return `${text})`
}

const writeDisposition = (part: Part): string => {
  const field = value(part, 'content-disposition')
  if (field === undefined) return 'NIL'
  const { value: word, parameters } = readParameterized(field)
  return word === '' ? 'NIL' : `(${writeString(word)} ${writeParameters(parameters)})`
}

const writeLanguage = (part: Part): string => {
  const tags = withoutComments(value(part, 'content-language') ?? '').match(/[A-Za-z0-9*-]+/g) ?? []
  return tags.length === 0 ? 'NIL' : `(${tags.slice(0, MOST_LANGUAGES).map(writeString).join(' ')})`
}

/** What both forms say of a part before its extension data; `inner` are the forms of what is within. */
type Forms = { readonly body: string; readonly structure: string }

class Writer {
  #left = MOST_TEXT

  /** The text, or what stands for it once too much was written. */
  #spend(text: string): string {
    this.#left -= text.length
    return this.#left < 0 ? 'NIL' : text
  }

  write(part: Part): Forms {
    if (part.kind === 'multipart') return this.#multipart(part)
    const isText = part.type === 'text'
    const charset = isText && !part.parameters.some(([name]) => /^charset\*?$/i.test(name))
    const parameters = this.#spend(writeParameters(charset ? [...part.parameters, ...usAscii] : part.parameters))
    const id = this.#spend(writeNil(value(part, 'content-id')))
    const description = this.#spend(writeNil(value(part, 'content-description')))
    const basic = `${writeString(part.written[0])} ${writeString(part.written[1])} ${parameters} ${id} ${description} ${writeString(writtenEncoding(part))} ${part.bodyTo - part.bodyFrom}`
    const extension = `${this.#spend(writeNil(value(part, 'content-md5')))} ${this.#common(part)}`
    const [within] = part.children
    if (part.kind === 'message' && within !== undefined) {
      const envelope = this.#spend(writeEnvelope(envelopeFields(within)))
      const safe = envelope === 'NIL' ? '(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)' : envelope
      const inner = this.write(within)
      return {
        body: `(${basic} ${safe} ${inner.body} ${part.lines})`,
        structure: `(${basic} ${safe} ${inner.structure} ${part.lines} ${extension})`,
      }
    }
    const lines = isText ? ` ${part.lines}` : ''
    return { body: `(${basic}${lines})`, structure: `(${basic}${lines} ${extension})` }
  }

  #common(part: Part): string {
    const disposition = this.#spend(writeDisposition(part))
    const language = this.#spend(writeLanguage(part))
    return `${disposition} ${language} ${this.#spend(writeNil(value(part, 'content-location')))}`
  }

  #multipart(part: Part): Forms {
    let body = '('
    let structure = '('
    for (const child of part.children) {
      const forms = this.write(child)
      body += forms.body
      structure += forms.structure
    }
    const subtype = writeString(part.written[1])
    const parameters = this.#spend(writeParameters(part.parameters))
    return {
      body: `${body} ${subtype})`,
      structure: `${structure} ${subtype} ${parameters} ${this.#common(part)})`,
    }
  }
}

/** @param root of a message. @returns its BODY and BODYSTRUCTURE, latin1. */
export const writeStructure = (root: Part): Forms => new Writer().write(root)
