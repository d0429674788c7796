import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientError from "@effect/platform/HttpClientError"
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

/** What one request saw: method, address, headers and body. */
export interface Seen {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** An answer, a failure of the transport with its code, or no answer at all. */
export type Reply =
  | { readonly status: number; readonly body?: unknown; readonly headers?: Readonly<Record<string, string>> }
  | { readonly code: string }
  | "never"

const bodyOf = (request: HttpClientRequest.HttpClientRequest): string =>
  request.body._tag === "Uint8Array" ? new TextDecoder().decode(request.body.body) : ""

/** An `HttpClient` that answers from a function, after the gate opens, and remembers what it was sent. */
export const fakeHttp = (reply: (seen: Seen, index: number) => Reply, gate?: Deferred.Deferred<void>) => {
  const seen: Array<Seen> = []
  const respond = (request: HttpClientRequest.HttpClientRequest, url: URL) =>
    Effect.suspend(() => {
      const one = { method: request.method, url: url.href, headers: request.headers, body: bodyOf(request) }
      const answer = reply(one, seen.push(one) - 1)
      if (answer === "never") return Effect.never
      if ("code" in answer) {
        const cause = Object.assign(new Error(`connect ${answer.code}`), { code: answer.code })
        return Effect.fail(new HttpClientError.RequestError({ request, reason: "Transport", cause }))
      }
      const { body, headers = {}, status } = answer
      const text = typeof body === "string" ? body : JSON.stringify(body ?? null)
      return Effect.succeed(
        HttpClientResponse.fromWeb(request, new Response(status === 204 ? null : text, { status, headers }))
      )
    })
  const client = HttpClient.make((request, url) =>
    gate === undefined ? respond(request, url) : Effect.zipRight(Deferred.await(gate), respond(request, url))
  )
  return { seen, layer: Layer.succeed(HttpClient.HttpClient, client) }
}
