/** Turns `/v1/clusters/:clusterId` into a function of the parameters. */
export const compilePath = (template: string): ((parameters: Readonly<Record<string, string>>) => string) => {
  const [head = "", ...tail] = template.split(":")
  const parts = tail.map((part) => {
    const slash = part.indexOf("/")
    return slash === -1 ? { name: part, rest: "" } : { name: part.slice(0, slash), rest: part.slice(slash) }
  })
  return (parameters) =>
    parts.reduce((path, { name, rest }) => `${path}${encodeURIComponent(parameters[name] ?? "")}${rest}`, head)
}

/** Writes a query such as `?keepAutomaticBackups=true`, without the parameters that are `undefined`. */
export const formatQuery = (query: Readonly<Record<string, string | undefined>> | undefined): string => {
  if (query === undefined) return ""
  const pairs = Object.entries(query).flatMap(([key, value]) =>
    value === undefined ? [] : [`${encodeURIComponent(key)}=${encodeURIComponent(value)}`]
  )
  return pairs.length === 0 ? "" : `?${pairs.join("&")}`
}
