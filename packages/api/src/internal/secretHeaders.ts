import * as Headers from "@effect/platform/Headers"
import * as HttpClient from "@effect/platform/HttpClient"
import * as Effect from "effect/Effect"
import * as FiberRef from "effect/FiberRef"
import { constTrue } from "effect/Function"

const secretHeaders = ["x-auth-token", "x-subject-token", "credential-id", "credential-secret"]

/**
 * Names the headers that hold secrets, for whatever shows a request while it is under way, and leaves the span to us:
 * the platform's own would repeat it. It holds for the rest of the fiber, so begin a fiber of its own with it.
 */
export const hideSecrets: Effect.Effect<void> = Effect.zipRight(
  FiberRef.set(HttpClient.currentTracerDisabledWhen, constTrue),
  FiberRef.update(Headers.currentRedactedNames, (names) => [...names, ...secretHeaders])
)
