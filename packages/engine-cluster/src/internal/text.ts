const mark = "\u0001"
const special = /[\p{Cc}\p{Cs}]/u
const eachSpecial = /[\p{Cc}\p{Cs}]/gu

/** @internal A name as PostgreSQL takes it: its texts hold neither NUL nor halves of surrogate pairs. */
export const toColumn = (text: string): string =>
  special.test(text)
    ? text.replace(eachSpecial, (char) => mark + char.charCodeAt(0).toString(16).padStart(4, "0"))
    : text

/** @internal */
export const fromColumn = (text: string): string => {
  if (!text.includes(mark)) return text
  const [first = "", ...rest] = text.split(mark)
  return first + rest.map((part) => String.fromCharCode(Number.parseInt(part.slice(0, 4), 16)) + part.slice(4)).join("")
}
