import { Shard } from "@memstore-flows/api/Shard"
import * as Schema from "effect/Schema"

/** Shards as steps record them. One schema for all of them, for a schema is compiled when it is first used. */
export const Shards = Schema.Array(Shard)
