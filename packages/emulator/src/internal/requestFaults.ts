import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import type { Route } from "./routes.js"

interface Parts {
  readonly params: Readonly<Record<string, string | undefined>>
  readonly query: Readonly<Record<string, string>>
  readonly body: unknown
}

const place = (path: ReadonlyArray<PropertyKey>): string =>
  path.reduce<string>(
    (text, key) => (typeof key === "number" ? `${text}[${key}]` : text === "" ? String(key) : `${text}.${String(key)}`),
    ""
  )

/** Values are left out: one of them may be a secret. So is the other way to read an optional field: without it. */
const textOf = (message: string): string | undefined => {
  const text = message.replaceAll(/\s+/g, " ").replace(/, actual .*$/, "")
  return text === "Expected undefined" ? undefined : text
}

const faultsOf = (schema: Option.Option<Schema.Schema.All>, value: unknown): ReadonlyArray<string> => {
  if (Option.isNone(schema)) return []
  // the routes' schemas need no services; their type says only "any schema"
  const decode = Schema.decodeUnknownEither(schema.value as Schema.Schema<unknown, unknown>, { errors: "all" })
  return Either.match(decode(value), {
    onRight: () => [],
    onLeft: (error) =>
      ParseResult.ArrayFormatter.formatErrorSync(error).flatMap(({ message, path }) => {
        const text = textOf(message)
        if (text === undefined) return []
        return [path.length === 0 ? text : `${place(path)}: ${text}`]
      })
  })
}

/** Every fault of a request that its route does not accept, in one sentence. */
export const describe = ({ endpoint }: Route, { body, params, query }: Parts): string => {
  const faults = [
    ...faultsOf(endpoint.pathSchema, params),
    ...faultsOf(endpoint.urlParamsSchema, query),
    ...faultsOf(endpoint.payloadSchema, body)
  ]
  return faults.length === 0 ? "the request is not as documented" : [...new Set(faults)].join("; ")
}
