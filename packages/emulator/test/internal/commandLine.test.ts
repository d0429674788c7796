import { assert, describe, it } from "@effect/vitest"
import * as Either from "effect/Either"
import * as FastCheck from "effect/FastCheck"
import { parse } from "../../src/internal/commandLine.js"

describe("the command line", () => {
  it("has defaults for all", () => {
    assert.deepStrictEqual(
      parse([]),
      Either.right({ port: 8484, host: "127.0.0.1", plane: "auto", speed: "fast", state: undefined, help: false })
    )
  })

  it("reads every option, with a space or an equals sign", () => {
    assert.deepStrictEqual(
      parse(["--port", "0", "--host=::1", "--data-plane", "simulated", "--speed=instant", "--state", "./x"]),
      Either.right({ port: 0, host: "::1", plane: "simulated", speed: "instant", state: "./x", help: false })
    )
  })

  it("names every fault at once", () => {
    const line = [
      "--prot",
      "1",
      "--speed",
      "warp",
      "--port",
      "x",
      "--data-plane",
      "gpu",
      "--state",
      "--host",
      "a",
      "--host",
      "b"
    ]
    assert.deepStrictEqual(
      parse(line),
      Either.left([
        "unknown option --prot",
        'unexpected argument "1"',
        "--state needs a value",
        'unexpected argument "a"',
        '--port must be from 0 to 65535, not "x"',
        '--data-plane must be one of auto, simulated, redis, not "gpu"',
        '--speed must be one of instant, fast, realistic, not "warp"'
      ])
    )
  })

  it.prop(
    "never throws, whatever it is given",
    [
      FastCheck.array(
        FastCheck.oneof(FastCheck.string(), FastCheck.constantFrom("--port", "--state", "-h", "--", "--speed=", "8080"))
      )
    ],
    ([line]) => {
      assert.isTrue(Either.isEither(parse(line)))
    }
  )
})
