import { CreateBackup } from "@memstore-flows/api/CreateBackup"
import { ListBackups } from "@memstore-flows/api/ListBackups"
import * as Effect from "effect/Effect"
import * as Waiter from "../../src/Waiter.js"

/** Takes a backup named "nightly", the first there is, and waits for it. */
export const backUp = (clusterId: string) =>
  Effect.gen(function* () {
    const [create, list] = yield* Effect.all([CreateBackup, ListBackups])
    yield* create({ clusterId, name: "nightly" })
    yield* Waiter.until({
      what: "the backup",
      read: list({ clusterId }),
      deadline: yield* Waiter.deadlineIn("1 hour"),
      judge: ({ backups: [backup] }): Waiter.Verdict<void> =>
        backup?.status === "Available" ? Waiter.done(undefined) : Waiter.pending(backup?.status ?? "none")
    })
  })
