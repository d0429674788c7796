import { mergeConfig } from "vitest/config"
import { shared } from "../../vitest.shared.js"

export default mergeConfig(shared("engine-cluster"), { test: { globalSetup: "./test/support/server.ts" } })
