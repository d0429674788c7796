import * as Headers from "@effect/platform/Headers"

/** What came back, read to its end; of a refusal at most the first `refusalLimit` bytes, or a little more. */
export interface Received {
  readonly status: number
  readonly headers: Headers.Headers
  readonly text: string
}

type Fields = Readonly<Record<string, string | ReadonlyArray<string> | undefined>>

/** The same as it came. */
export interface ReceivedBytes extends Received {
  readonly fields: Fields
  readonly bytes: Buffer
}

/** Nobody reads more than this of the body of a refusal. */
export const refusalLimit = 65_536

/** Whether a status says that the call was done. */
export const isSuccess = (status: number): boolean => status >= 200 && status <= 299

/** Headers and text are made when asked for: most answers are successes, and nobody looks at the headers of those. */
export const fromBytes = (status: number, fields: Fields, bytes: Buffer): ReceivedBytes => ({
  status,
  fields,
  bytes,
  get headers() {
    return Headers.fromInput(fields)
  },
  get text() {
    return bytes.toString("utf8")
  }
})
