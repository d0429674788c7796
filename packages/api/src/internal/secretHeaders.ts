import * as Headers from "@effect/platform/Headers"
import * as HttpClient from "@effect/platform/HttpClient"
import * as Effect from "effect/Effect"
import { constTrue } from "effect/Function"

const secretHeaders = ["x-auth-token", "x-subject-token", "credential-id", "credential-secret"]

/**
 * Names the headers that hold secrets, for whatever shows a request while it is under way, and leaves the span to us:
 * the platform's own would repeat it.
 */
export const withSecretHeaders = (client: HttpClient.HttpClient): HttpClient.HttpClient =>
  HttpClient.transformResponse(HttpClient.withTracerDisabledWhen(client, constTrue), (response) =>
    Effect.locallyWith(response, Headers.currentRedactedNames, (names) => [...names, ...secretHeaders])
  )
