const address = /unassigned(?:\.\d+)+/g
const id = /[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}/g

const renamed = (names: ReadonlyMap<string, string>, value: unknown): unknown => {
  if (typeof value === "string") {
    const named = (text: string) => names.get(text) ?? text
    return value.replace(address, named).replace(id, named)
  }
  if (Array.isArray(value)) return value.map((each) => renamed(names, each))
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, renamed(names, each)]))
}

/** The same plain data with names in the place of ids and addresses that a rehearsal made up. */
export const rename = <A>(names: ReadonlyMap<string, string>, value: A): A => renamed(names, value) as A // Only characters in strings change.
