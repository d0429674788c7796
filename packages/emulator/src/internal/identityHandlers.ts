import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as DateTime from "effect/DateTime"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { EmulatorApi } from "../EmulatorApi.js"
import { json, keystone } from "./answers.js"
import * as Tokens from "./tokens.js"

const time = (millis: number) => DateTime.formatIso(DateTime.unsafeMake(millis)).replace(/\.\d+Z$/, "Z")

/** The token call. */
export const layer = (key: Tokens.AccessKey, lifetime: Duration.Duration) =>
  HttpApiBuilder.group(EmulatorApi, "tokens", (handlers) =>
    handlers.handle("createToken", ({ payload: { auth } }) =>
      Tokens.accepts(key, auth.identity.application_credential)
        ? Effect.map(Tokens.issue(lifetime), ({ endsAt, issuedAt, token }) =>
            json(201, { token: { issued_at: time(issuedAt), expires_at: time(endsAt) } }, { "x-subject-token": token })
          )
        : Effect.succeed(keystone(401, "Unauthorized", "The request you have made requires authentication."))
    )
  )
