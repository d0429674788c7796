import { connect } from "node:net"
import * as Effect from "effect/Effect"

/** What came back over a socket, as it came. */
export interface RawAnswer {
  readonly status: number
  readonly head: string
  readonly body: string
}

const parse = (text: string): RawAnswer => {
  const end = text.indexOf("\r\n\r\n")
  return { status: Number(text.slice(9, 12)), head: text.slice(0, end), body: text.slice(end + 4) }
}

/** Writes these bytes to a socket and reads until the server closes it. `undefined`: it closed without a word. */
export const exchange = (port: number, ...parts: ReadonlyArray<string | Uint8Array>) =>
  Effect.async<RawAnswer | undefined>((resume) => {
    const socket = connect(port, "127.0.0.1")
    const chunks: Array<Buffer> = []
    socket.on("data", (chunk) => chunks.push(chunk))
    socket.on("error", () => {})
    socket.on("close", () => {
      const text = Buffer.concat(chunks).toString("utf8")
      resume(Effect.succeed(text === "" ? undefined : parse(text)))
    })
    for (const part of parts) socket.write(part)
    return Effect.sync(() => socket.destroy())
  })

/** A request with a body of this text, as curl would write it. */
export const http = (
  method: string,
  path: string,
  headers: Readonly<Record<string, string>> = {},
  body = ""
): string => {
  const lines = Object.entries({ host: "127.0.0.1", connection: "close", ...headers }).map(
    ([name, value]) => `${name}: ${value}`
  )
  if (body !== "") lines.push(`content-length: ${Buffer.byteLength(body)}`)
  return `${method} ${path} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n${body}`
}
