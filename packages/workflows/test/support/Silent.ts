import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Effect from "effect/Effect"

/** Stands before a cloud that does not say how many nodes its shards have, but by what it lists. */
export const silent = (client: HttpClient.HttpClient): HttpClient.HttpClient =>
  HttpClient.transform(client, (call, request) =>
    request.method === "GET" && request.url.endsWith("/v1/clusters")
      ? Effect.flatMap(call, (response) =>
          Effect.map(response.text, (text) =>
            HttpClientResponse.fromWeb(request, new Response(text.replaceAll("nodeCountPerShard", "other")))
          )
        )
      : call
  )
