import * as HttpClient from "@effect/platform/HttpClient"
import { Context, Effect, Layer, Ref } from "effect"

/** Every call that went out, as `POST /v1/clusters/{id}/shards`, with how often. */
export class CallLog extends Context.Tag("examples/CallLog")<CallLog, Ref.Ref<ReadonlyMap<string, number>>>() {
  static readonly layer = Layer.effect(CallLog, Ref.make<ReadonlyMap<string, number>>(new Map()))
}

const nameOf = (method: string, url: string) => {
  const path = new URL(url).pathname
    .replace(/(clusters|nodes)\/[^/]+/g, "$1/{id}")
    .replace(/shards\/[^/]+/g, "shards/{shard}")
  return `${method} ${path}`
}

/** Counts the calls of whatever client lies below. */
export const counted = Layer.effect(
  HttpClient.HttpClient,
  Effect.map(Effect.all([HttpClient.HttpClient, CallLog]), ([client, log]) =>
    HttpClient.tapRequest(client, ({ method, url }) =>
      Ref.update(log, (calls) => {
        const name = nameOf(method, url)
        return new Map(calls).set(name, (calls.get(name) ?? 0) + 1)
      })
    )
  )
)
