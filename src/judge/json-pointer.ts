/** Is this a JSON Pointer (RFC 6901)? "" is the whole. */
export const isPointer = (path: string): boolean => /^(?:\/(?:[^~/]|~[01])*)*$/.test(path);

/** The part of a value that a JSON Pointer names; undefined: there is none. */
export function atPointer(value: unknown, path: string): unknown {
  let here = value;
  if (path === "") return here;
  for (const escaped of path.slice(1).split("/")) {
    const name = escaped.replaceAll("~1", "/").replaceAll("~0", "~");
    if (typeof here !== "object" || here === null) return undefined;
    if (Array.isArray(here)) {
      if (!/^(?:0|[1-9]\d{0,8})$/.test(name)) return undefined;
      here = here[Number(name)];
    } else here = Object.hasOwn(here, name) ? (here as Record<string, unknown>)[name] : undefined;
  }
  return here;
}
