import * as Net from "node:net"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"

/** A request as it came over the socket. */
export interface RawRequest {
  readonly line: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/**
 * Bytes to send back; then the connection is closed, unless they are `begun` only. `undefined`: close it without a byte.
 * `hang`: say nothing.
 */
export type RawReply = string | { readonly begun: string } | undefined | "hang"

const parse = (text: string): RawRequest | undefined => {
  const end = text.indexOf("\r\n\r\n")
  if (end === -1) return undefined
  const [line = "", ...lines] = text.slice(0, end).split("\r\n")
  const headers = Object.fromEntries(
    lines.map((each) => {
      const colon = each.indexOf(":")
      return [each.slice(0, colon).toLowerCase(), each.slice(colon + 1).trim()]
    })
  )
  const body = text.slice(end + 4)
  return Buffer.byteLength(body) < Number(headers["content-length"] ?? 0) ? undefined : { line, headers, body }
}

/** A server that knows sockets only, so that no HTTP library can agree with another one on a mistake. */
export const rawServer = (reply: (request: RawRequest) => RawReply) =>
  Effect.gen(function* () {
    const requests = yield* Queue.unbounded<RawRequest>()
    const closed = yield* Queue.unbounded<void>()
    const sockets = new Set<Net.Socket>()
    const server = Net.createServer((socket) => {
      sockets.add(socket)
      let text = ""
      socket.on("data", (bytes) => {
        text += bytes.toString("utf8")
        const request = parse(text)
        if (request === undefined) return
        text = ""
        requests.unsafeOffer(request)
        const answer = reply(request)
        if (answer === "hang") return
        if (answer === undefined) socket.destroy()
        else if (typeof answer === "object") socket.write(answer.begun)
        else socket.end(answer)
      })
      socket.on("error", () => {})
      socket.on("close", () => closed.unsafeOffer(undefined))
    })
    yield* Effect.acquireRelease(
      Effect.async<void>((resume) => {
        server.listen(0, "127.0.0.1", () => resume(Effect.void))
      }),
      () =>
        Effect.async<void>((resume) => {
          for (const socket of sockets) socket.destroy()
          server.close(() => resume(Effect.void))
        })
    )
    const address = server.address()
    const port = typeof address === "object" && address !== null ? address.port : 0
    return { url: `http://127.0.0.1:${port}`, requests, closed }
  })
