import { parseArgs } from "node:util"
import * as Either from "effect/Either"

/** What the command line asks for. */
export interface CommandLine {
  readonly port: number
  readonly host: string
  readonly plane: "auto" | "simulated" | "redis"
  readonly speed: "instant" | "fast" | "realistic"
  readonly state: string | undefined
  readonly help: boolean
}

export const usage = `Usage: emulator [--port 8484] [--host 127.0.0.1] [--data-plane auto|simulated|redis]
                [--speed instant|fast|realistic] [--state DIR]

  --port        where to listen; 0 takes a free port (default 8484)
  --host        the address to listen on (default 127.0.0.1: this machine only)
  --data-plane  what nodes are made of (default auto)
  --speed       how long work takes (default fast: about a second)
  --state       a folder that keeps the state between runs (default: memory only)`

const planes = ["auto", "simulated", "redis"] as const
const speeds = ["instant", "fast", "realistic"] as const

const known: ReadonlySet<string> = new Set(["port", "host", "data-plane", "speed", "state", "help"])

const oneOf = <const A extends string>(choices: ReadonlyArray<A>, text: string): A | undefined =>
  choices.find((choice) => choice === text)

/** Reads the arguments. Left: every fault, in their order. */
export const parse = (args: ReadonlyArray<string>): Either.Either<CommandLine, ReadonlyArray<string>> => {
  const { tokens } = parseArgs({
    args: [...args],
    strict: false,
    allowPositionals: true,
    tokens: true,
    options: {
      port: { type: "string" },
      host: { type: "string" },
      "data-plane": { type: "string" },
      speed: { type: "string" },
      state: { type: "string" },
      help: { type: "boolean", short: "h" }
    }
  })
  const faults: Array<string> = []
  const given = new Map<string, string>()
  for (const token of tokens) {
    if (token.kind === "positional") faults.push(`unexpected argument "${token.value}"`)
    if (token.kind !== "option") continue
    if (!known.has(token.name)) faults.push(`unknown option ${token.rawName}`)
    else if (given.has(token.name)) faults.push(`--${token.name} is given twice`)
    else if (token.name === "help") given.set("help", "")
    else if (token.value === undefined || token.value === "" || (!token.inlineValue && token.value.startsWith("--"))) {
      faults.push(`--${token.name} needs a value`)
    } else given.set(token.name, token.value)
  }
  const port = given.get("port") ?? "8484"
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65535) faults.push(`--port must be from 0 to 65535, not "${port}"`)
  const plane = oneOf(planes, given.get("data-plane") ?? "auto")
  if (plane === undefined)
    faults.push(`--data-plane must be one of ${planes.join(", ")}, not "${given.get("data-plane")}"`)
  const speed = oneOf(speeds, given.get("speed") ?? "fast")
  if (speed === undefined) faults.push(`--speed must be one of ${speeds.join(", ")}, not "${given.get("speed")}"`)
  if (faults.length > 0 || plane === undefined || speed === undefined) return Either.left(faults)
  const host = given.get("host") ?? "127.0.0.1"
  return Either.right({ port: Number(port), host, plane, speed, state: given.get("state"), help: given.has("help") })
}
