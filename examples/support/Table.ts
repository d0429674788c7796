import { type Shard, Status } from "@memstore-flows/api"

const mark = (status: string) => (Status.classify(status) === "Stable" ? status : `${status} !`)

/** The topology as a table: one line a node. */
export const topologyTable = (shards: ReadonlyArray<Shard.Shard>): string => {
  const rows = shards.flatMap((shard) =>
    shard.nodes.map((node, index) => [
      index === 0 ? shard.id : "",
      index === 0 ? shard.slots : "",
      node.role,
      node.subnet.id,
      node.endpoint,
      mark(node.status)
    ])
  )
  return table([["shard", "slots", "role", "subnet", "endpoint", "status"], ...rows])
}

/** Rows of text as aligned columns; the first row is the head. */
export const table = (rows: ReadonlyArray<ReadonlyArray<string>>): string => {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const line = (row: ReadonlyArray<string>) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd()
  const [head, ...body] = rows.map(line)
  return [head, widths.map((width) => "-".repeat(width)).join("  "), ...body].map((each) => `  ${each}`).join("\n")
}
