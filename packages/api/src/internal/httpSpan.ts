import * as HttpClient from "@effect/platform/HttpClient"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as DefaultServices from "effect/DefaultServices"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as FiberRef from "effect/FiberRef"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Tracer from "effect/Tracer"

const defaultPorts: Readonly<Record<string, number>> = { "http:": 80, "https:": 443 }

/** What OpenTelemetry's conventions for HTTP clients say of every call of a server; no user and password of an address. */
export const serverAttributes = (baseUrl: string): Readonly<Record<string, string | number>> => {
  if (!URL.canParse(baseUrl)) return {}
  const { hostname, port, protocol } = new URL(baseUrl)
  const number = port === "" ? defaultPorts[protocol] : Number(port)
  return number === undefined ? { "server.address": hostname } : { "server.address": hostname, "server.port": number }
}

/** An address without its user and password. */
export const shownUrl = (url: string): string => url.replace(/^(\w+:\/\/)[^/@]*@/, "$1")

const standard = Context.get(DefaultServices.liveServices, Tracer.Tracer)

/** Whether somebody has given the fiber a tracer; nobody sees the spans of Effect's own. */
export const isTraced = (fiber: Fiber.RuntimeFiber<unknown, unknown>): boolean =>
  fiber.currentTracer !== standard && fiber.getFiberRef(FiberRef.currentTracerEnabled)

/** The headers that let the server's spans follow ours, unless `HttpClient.currentTracerPropagation` is off. */
export const propagation = (
  fiber: Fiber.RuntimeFiber<unknown, unknown>,
  { sampled, spanId, traceId }: Tracer.Span
): Readonly<Record<string, string>> =>
  fiber.getFiberRef(HttpClient.currentTracerPropagation)
    ? { traceparent: `00-${traceId}-${spanId}-0${sampled ? 1 : 0}` }
    : {}

/** Names the failure of a call in its span, by its tag. */
export const nameFailure = (span: Tracer.Span, exit: Exit.Exit<unknown, unknown>): void => {
  if (Exit.isSuccess(exit)) return
  const failure = Cause.failureOption(exit.cause)
  if (Option.isSome(failure) && Predicate.hasProperty(failure.value, "_tag")) {
    span.attribute("error.type", failure.value._tag)
  }
}
