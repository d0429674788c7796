import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import type { Refusal } from "@memstore-flows/model/Refusal"
import { jsonType } from "../EmulatorApi.js"

const encoder = new TextEncoder()

/** Compact JSON and a line break, as the lengths in the vendor's samples suggest. */
export const json = (
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {}
): HttpServerResponse.HttpServerResponse =>
  HttpServerResponse.uint8Array(encoder.encode(`${JSON.stringify(body)}\n`), { status, headers, contentType: jsonType })

export const message = (status: number, text: string, headers: Readonly<Record<string, string>> = {}) =>
  json(status, { message: text }, headers)

export const refused = ({ message: text, status }: Refusal) => message(status, text)

/** The error body of the identity service. */
export const keystone = (code: number, title: string, text: string) =>
  json(code, { error: { code, message: text, title } })

const isJson = (contentType: string | undefined) => contentType?.startsWith("application/json") === true

/** Gives an answer of a derived route the form of all others. */
export const inForm = (response: HttpServerResponse.HttpServerResponse): HttpServerResponse.HttpServerResponse => {
  const { body } = response
  if (body._tag !== "Uint8Array" || !isJson(body.contentType) || body.body.at(-1) === 0x0a) return response
  const bytes = new Uint8Array(body.body.length + 1)
  bytes.set(body.body)
  bytes[body.body.length] = 0x0a
  return HttpServerResponse.uint8Array(bytes, {
    status: response.status,
    headers: response.headers,
    contentType: jsonType
  })
}

const titles: Readonly<Record<number, string>> = {
  400: "Bad Request",
  401: "Unauthorized",
  500: "Internal Server Error"
}

/** Gives a refusal that the identity service did not make itself the form of those it makes. */
export const inIdentityForm = (response: HttpServerResponse.HttpServerResponse) => {
  const { body, status } = response
  if (status < 400 || body._tag !== "Uint8Array") return response
  const value: unknown = JSON.parse(new TextDecoder().decode(body.body))
  return typeof value === "object" && value !== null && "message" in value && typeof value.message === "string"
    ? keystone(status, titles[status] ?? "Error", value.message)
    : response
}
