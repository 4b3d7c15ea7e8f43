// The JSON Canonicalization Scheme, RFC 8785.

export type Json = null | boolean | number | string | Json[] | { [name: string]: Json | undefined };

/** canonical returns the form of a JSON value that is the same in every language. */
export function canonical(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (value !== null && typeof value === "object") {
    const fields = Object.entries(value).filter((field): field is [string, Json] => field[1] !== undefined);
    fields.sort(([a], [b]) => (a < b ? -1 : 1)); // by UTF-16 code units
    return `{${fields.map(([name, one]) => `${text(name)}:${canonical(one)}`).join(",")}}`;
  }
  if (typeof value === "number" && !Number.isFinite(value)) throw new RangeError("a number is not finite");
  return typeof value === "string" ? text(value) : JSON.stringify(value);
}

function text(value: string): string {
  if (/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/.test(value)) {
    throw new RangeError("half a character has no canonical form");
  }
  return JSON.stringify(value);
}
