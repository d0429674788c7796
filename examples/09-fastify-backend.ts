// A backend without Effect: a request starts a run, another streams its events. `--serve` keeps it up.
import { createInterface } from "node:readline"
import { Readable } from "node:stream"
import type { Event } from "@memstore-flows/engine"
import { createMemStoreFlows } from "@memstore-flows/promise"
import fastify from "fastify"
import { access, cluster } from "./support/Backend.js"

const flows = await createMemStoreFlows(access)
const app = fastify()

// PUT with the same id twice starts one run: the id is the idempotency key.
app.put<{ Params: { id: string }; Body: { name: string } }>("/clusters/:id", async ({ body, params }, reply) => {
  const run = await flows.start("ProvisionCluster", { cluster: cluster(body.name) }, { id: params.id })
  return reply.status(202).send(run)
})

app.delete<{ Params: { id: string } }>("/clusters/:id", ({ params }) => flows.cancel(params.id))

// Server-sent events: the whole history, then what happens. A client that leaves ends the loop, not the run.
app.get<{ Params: { id: string } }>("/clusters/:id/events", async ({ params }, reply) => {
  await flows.get(params.id)
  async function* lines() {
    for await (const event of flows.events(params.id)) yield `event: ${event._tag}\ndata: ${JSON.stringify(event)}\n\n`
  }
  return reply.type("text/event-stream").send(Readable.from(lines()))
})

const statuses: Record<string, number> = { Busy: 409, RunIdTaken: 409, PayloadInvalid: 400, RunNotFound: 404 }
app.setErrorHandler<Error & { _tag?: string }>((error, _, reply) =>
  reply.status(statuses[error._tag ?? ""] ?? 500).send({ error: error._tag ?? "Error", message: error.message })
)
app.addHook("onClose", () => flows.close())

const url = await app.listen({ port: 0, host: "127.0.0.1" })
console.log(`listening on ${url}`)

/** What a client does: order, watch until it is done. */
const visit = async () => {
  const order = { method: "PUT", headers: { "content-type": "application/json" }, body: '{ "name": "orders" }' }
  console.log(`PUT /clusters/orders -> ${(await fetch(`${url}/clusters/orders`, order)).status}`)
  console.log(`GET /clusters/none/events -> ${(await fetch(`${url}/clusters/none/events`)).status}`)
  const { body } = await fetch(`${url}/clusters/orders/events`)
  if (body === null) throw new Error("no events")
  for await (const line of createInterface({ input: Readable.fromWeb(body) })) {
    if (!line.startsWith("data: ")) continue
    const event: Event.Event = JSON.parse(line.slice(6))
    if (event._tag !== "Progress") console.log(`  ${event._tag} ${"step" in event ? event.step : ""}`)
  }
}

if (!process.argv.includes("--serve")) {
  await visit()
  await app.close()
}
