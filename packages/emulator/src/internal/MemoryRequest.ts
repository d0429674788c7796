import * as Cookies from "@effect/platform/Cookies"
import type * as Headers from "@effect/platform/Headers"
import * as HttpIncomingMessage from "@effect/platform/HttpIncomingMessage"
import type * as HttpMethod from "@effect/platform/HttpMethod"
import * as HttpServerError from "@effect/platform/HttpServerError"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as Multipart from "@effect/platform/Multipart"
import * as UrlParams from "@effect/platform/UrlParams"
import * as Effect from "effect/Effect"
import * as Inspectable from "effect/Inspectable"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"

/** A request whose body is at hand: reading it takes no time and no promise, whatever clock runs. */
export class MemoryRequest extends Inspectable.Class implements HttpServerRequest.HttpServerRequest {
  readonly [HttpServerRequest.TypeId]: HttpServerRequest.TypeId = HttpServerRequest.TypeId
  readonly [HttpIncomingMessage.TypeId]: HttpIncomingMessage.TypeId = HttpIncomingMessage.TypeId
  readonly source = {}
  readonly method: HttpMethod.HttpMethod
  readonly url: string
  readonly originalUrl: string
  readonly headers: Headers.Headers
  readonly body: Uint8Array
  readonly remoteAddress: Option.Option<string> = Option.none()

  constructor(options: {
    readonly method: HttpMethod.HttpMethod
    readonly url: string
    readonly headers: Headers.Headers
    readonly body: Uint8Array
  }) {
    super()
    this.method = options.method
    this.url = options.url
    this.originalUrl = options.url
    this.headers = options.headers
    this.body = options.body
  }

  get cookies() {
    return Cookies.parseHeader(this.headers["cookie"] ?? "")
  }

  get text() {
    return Effect.try({
      try: () => new TextDecoder("utf-8", { fatal: true }).decode(this.body),
      catch: () => this.fault("the body is not UTF-8 text")
    })
  }

  get json() {
    return Effect.flatMap(this.text, (text) =>
      Effect.try({
        try: (): unknown => JSON.parse(text),
        catch: (cause) =>
          this.fault(
            text.trim() === ""
              ? "the body is empty, JSON is expected"
              : `the body is not JSON: ${cause instanceof SyntaxError ? cause.message : "malformed"}`
          )
      })
    )
  }

  get urlParamsBody() {
    return Effect.map(this.text, (text) => UrlParams.fromInput(new URLSearchParams(text)))
  }

  get arrayBuffer() {
    return Effect.sync(() => this.body.slice().buffer)
  }

  get stream() {
    return Stream.succeed(this.body)
  }

  get multipart() {
    return Effect.fail(new Multipart.MultipartError({ reason: "Parse", cause: "multipart bodies are not accepted" }))
  }

  get multipartStream() {
    return Stream.fail(new Multipart.MultipartError({ reason: "Parse", cause: "multipart bodies are not accepted" }))
  }

  get upgrade() {
    return Effect.fail(this.fault("this server does not upgrade connections"))
  }

  modify(options: { readonly url?: string; readonly headers?: Headers.Headers }): MemoryRequest {
    return new MemoryRequest({
      method: this.method,
      url: options.url ?? this.url,
      headers: options.headers ?? this.headers,
      body: this.body
    })
  }

  toJSON(): unknown {
    return { _id: "@effect/platform/HttpServerRequest", method: this.method, url: this.url }
  }

  private fault(description: string): HttpServerError.RequestError {
    return new HttpServerError.RequestError({ request: this, reason: "Decode", description })
  }
}
