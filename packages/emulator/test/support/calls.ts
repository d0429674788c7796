import * as HttpBody from "@effect/platform/HttpBody"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import type * as HttpMethod from "@effect/platform/HttpMethod"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Emulator, type Options } from "../../src/Emulator.js"
import * as EmulatorClient from "../../src/EmulatorClient.js"
import { cluster, credential } from "./samples.js"

/** An emulator in memory and the client that calls it. */
export const inMemory = (options: Options = { latencies: "instant" }) =>
  EmulatorClient.layer().pipe(Layer.provideMerge(Emulator.layer(options)))

// biome-ignore lint/suspicious/noExplicitAny: tests look into answers by hand
export type Body = any

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly text: string
  readonly body: Body
}

export const send = (
  method: HttpMethod.HttpMethod,
  path: string,
  options: {
    readonly body?: unknown
    readonly text?: string
    readonly contentType?: string
    readonly token?: string
    readonly base?: string
  } = {}
) =>
  Effect.gen(function* () {
    const client = yield* HttpClient.HttpClient
    const text = options.text ?? (options.body === undefined ? undefined : JSON.stringify(options.body))
    const base = options.base ?? "https://redis.kr-central-2.kakaocloud.com"
    const request = HttpClientRequest.make(method)(`${base}${path}`, {
      ...(text === undefined
        ? {}
        : { body: HttpBody.raw(text, { contentType: options.contentType ?? "application/json" }) }),
      ...(options.token === undefined ? {} : { headers: { "x-auth-token": options.token } })
    })
    const response = yield* client.execute(request)
    const answer = yield* response.text
    return {
      status: response.status,
      headers: response.headers,
      text: answer,
      body: answer.startsWith("{") || answer.startsWith("[") ? JSON.parse(answer) : undefined
    } satisfies Answer
  })

export const token = (id?: string, secret?: string) =>
  Effect.map(
    send("POST", "/identity/v3/auth/tokens", { body: credential(id, secret), base: "https://iam.kakaocloud.com" }),
    (answer) => answer.headers["x-subject-token"] ?? ""
  )

/** Calls with a token. */
export const session = Effect.map(token(), (held) => ({
  token: held,
  get: (path: string) => send("GET", path, { token: held }),
  post: (path: string, body: unknown) => send("POST", path, { body, token: held }),
  patch: (path: string, body: unknown) => send("PATCH", path, { body, token: held }),
  del: (path: string) => send("DELETE", path, { token: held })
}))

/** A session and a cluster of 2 shards of 3 nodes. */
export const withCluster = Effect.gen(function* () {
  const calls = yield* session
  const created = yield* calls.post("/v1/clusters", cluster())
  const id: string = created.body.objectId
  return { ...calls, id, at: `/v1/clusters/${id}` }
})
