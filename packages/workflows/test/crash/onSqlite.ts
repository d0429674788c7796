import * as Engine from "@memstore-flows/engine/Engine"
import { SqliteJournal } from "@memstore-flows/engine-sqlite"
import * as Layer from "effect/Layer"
import { work } from "./work.js"

work((store, { journal }) => Engine.layer().pipe(Layer.provide(journal(SqliteJournal.layer({ file: String(store) })))))
