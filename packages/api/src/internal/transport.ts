import type * as HttpClientError from "@effect/platform/HttpClientError"

/** Codes of failures before the first byte of a request is written. */
const unsentCodes: ReadonlySet<unknown> = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EHOSTDOWN",
  "ENETDOWN",
  "UND_ERR_CONNECT_TIMEOUT",
  "UND_ERR_INVALID_ARG",
  "CERT_HAS_EXPIRED",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "ERR_TLS_CERT_ALTNAME_INVALID"
])

const causes = (error: unknown): ReadonlyArray<object> => {
  const found: Array<object> = []
  let at = error
  while (typeof at === "object" && at !== null && found.length < 8) {
    found.push(at)
    at = "cause" in at ? at.cause : undefined
  }
  return found
}

const codeOf = (error: object): unknown => ("code" in error ? error.code : undefined)

/** False only when the request surely never left: no connection was made, or there was no request to write. */
export const wasSent = (error: HttpClientError.HttpClientError): boolean =>
  error._tag === "ResponseError" ||
  (error.reason === "Transport" && !causes(error).some((cause) => unsentCodes.has(codeOf(cause))))

/** What went wrong, in the words of the innermost cause that has some. */
export const describe = (error: HttpClientError.HttpClientError): string => {
  const innermost = causes(error.cause).findLast(
    (cause) => codeOf(cause) !== undefined || ("message" in cause && cause.message !== "")
  )
  if (innermost === undefined) return error.reason
  const code = codeOf(innermost)
  const message = "message" in innermost ? String(innermost.message) : ""
  return typeof code === "string" && !message.includes(code) ? `${code}: ${message}` : message
}
