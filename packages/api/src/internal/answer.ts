import * as Either from "effect/Either"

/** What an error body says, in whichever of the known shapes. */
export interface Said {
  readonly message: string
  readonly requestId: string | undefined
}

const field = (value: unknown, key: string): unknown =>
  typeof value === "object" && value !== null && Object.hasOwn(value, key)
    ? (value as Readonly<Record<string, unknown>>)[key]
    : undefined

const text = (value: unknown): string | undefined => (typeof value === "string" && value !== "" ? value : undefined)

const location = (value: unknown): string =>
  Array.isArray(value) ? value.filter((part) => part !== "body").join(".") : ""

const details = (value: unknown): string | undefined => {
  if (!Array.isArray(value)) return text(value)
  const lines = value.flatMap((each) => {
    const message = text(field(each, "msg")) ?? text(field(each, "message")) ?? text(each)
    if (message === undefined) return []
    const at = location(field(each, "loc"))
    return at === "" ? [message] : [`${at}: ${message}`]
  })
  return lines.length === 0 ? undefined : lines.join("; ")
}

/** Parses JSON without throwing. */
export const parseJson = (body: string): Either.Either<unknown, string> =>
  Either.try({ try: () => JSON.parse(body), catch: () => "the body is not JSON" })

const plain = (body: string): string => {
  const trimmed = body.trim()
  return trimmed.startsWith("<") ? "" : trimmed
}

/**
 * Reads `{message}`, `{error: {message}}`, `{error: "..."}`, `{detail: [{loc, msg}]}`, `{detail: "..."}`,
 * `{errors: [...]}`, `{code, message, data, requestId}` and plain text.
 */
export const readAnswer = (body: string): Said => {
  const parsed = parseJson(body)
  if (Either.isLeft(parsed)) return { message: plain(body), requestId: undefined }
  const { right: json } = parsed
  const error = field(json, "error")
  return {
    message:
      text(json) ??
      text(field(error, "message")) ??
      text(field(json, "message")) ??
      text(error) ??
      details(field(json, "detail")) ??
      details(field(json, "errors")) ??
      "",
    requestId: text(field(json, "requestId")) ?? text(field(json, "request_id")) ?? text(field(error, "requestId"))
  }
}

const requestIdHeaders = ["x-request-id", "request-id", "x-openstack-request-id", "x-correlation-id", "x-trace-id"]

/** The id the server gave the request, if any. */
export const readRequestId = (headers: Readonly<Record<string, string>>): string | undefined =>
  requestIdHeaders.map((name) => text(headers[name])).find((id) => id !== undefined)
