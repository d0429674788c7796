/** What stands between the id of a run and the names of its children. */
const mark = "~"

/** @internal The id of a child, by its name and the scopes it is in. */
export const childOf = (parent: string, name: string): string => `${parent}${mark}${name}`

/** @internal */
export const isAncestor = (holder: string, id: string): boolean => id.startsWith(`${holder}${mark}`)

const between = " in "

/** @internal What a run locks that is lent what a run above it holds: its place among those it is lent to. */
export const lentBy = (holder: string, resource: string): string => `${resource}${between}${holder}`

/** @internal What a run may change by what it locks: that itself, or what it is lent. */
export const lentTo = (id: string, resource: string): string => {
  const at = resource.lastIndexOf(between)
  return at !== -1 && isAncestor(resource.slice(at + between.length), id) ? lentTo(id, resource.slice(0, at)) : resource
}
