import * as Redacted from "effect/Redacted"

const blank = "<redacted>"

const limit = 2048

/** Fields whose value is blanked wherever a text looks like JSON, whoever wrote it. */
const secretField = /("(?:password|secret|x-auth-token|x-subject-token)"\s*:\s*)"(?:[^"\\]|\\.)*"?/gi

/** Blanks known secrets, as they are and as JSON writes them, and whatever stands in a field named like one. */
export const redact = (text: string, secrets: ReadonlyArray<Redacted.Redacted<string>>): string =>
  secrets
    .flatMap((secret) => {
      const value = Redacted.value(secret)
      return value === "" ? [] : [value, JSON.stringify(value).slice(1, -1)]
    })
    .reduce((rest, value) => rest.replaceAll(value, blank), text)
    .replace(secretField, `$1"${blank}"`)

/** At most 2,048 characters, blanked before they are cut. */
export const bounded = (text: string, secrets: ReadonlyArray<Redacted.Redacted<string>>): string => {
  const safe = redact(text, secrets)
  return safe.length <= limit ? safe : safe.slice(0, limit)
}
