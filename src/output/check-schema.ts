import type { Refusal } from "../error.ts";
import {
  inPlaceKeywords,
  isRecord,
  isSchema,
  keywordShapes,
  type Shape,
  subschemas,
  typeNames,
} from "./schema-keywords.ts";
import { compileSchemaPattern, refuseNamePattern } from "./schema-pattern.ts";
import { prepareSchema } from "./validator.ts";

const largestChars = 64 * 1024;
const deepest = 32;

/**
 * Is this a schema that Atomic can hold an answer against? Drafts 4, 6, 7 and 2020-12; at most 64 KB and 32 levels;
 * no remote reference; patterns of bounded time. `field` is the path of what is wrong, below `at`.
 */
export function checkSchema(schema: unknown, at = "schema"): Refusal | null {
  if (!isSchema(schema)) return refuse(at, "a schema is an object, true or false");
  if (typeof schema === "boolean") return null;
  if (!isShallow(schema, 2 * deepest)) return refuse(at, `a schema has at most ${deepest} levels`);
  if (JSON.stringify(schema).length > largestChars) return refuse(at, "a schema has at most 65536 characters");
  const wrong = checkLevel(schema, at, 0);
  if (wrong !== null) return wrong;
  const prepared = prepareSchema(schema);
  if (!prepared.ok) return refuse(at, prepared.why);
  return checkLoops(schema, at, prepared.resolve);
}

function checkLevel(schema: unknown, at: string, depth: number): Refusal | null {
  if (!isRecord(schema)) return null;
  if (depth > deepest) return refuse(at, `a schema has at most ${deepest} levels`);
  for (const [keyword, value] of Object.entries(schema)) {
    const path = `${at}.${keyword}`;
    if (["$recursiveRef", "$recursiveAnchor", "$dynamicRef", "$dynamicAnchor"].includes(keyword)) {
      return refuse(path, "dynamic references are not supported; use $ref");
    }
    const shape = Object.hasOwn(keywordShapes, keyword) ? keywordShapes[keyword] : undefined;
    if (shape === undefined) continue;
    const isDraft4Bound = typeof value === "boolean" && /^exclusiveM/.test(keyword) && isDraft4(schema);
    const why = isDraft4Bound ? null : wrongShape(shape, value);
    if (why !== null) return refuse(path, why);
    if (keyword === "pattern") {
      const compiled = compileSchemaPattern(String(value));
      if (typeof compiled === "string") return refuse(path, compiled);
    }
    if (keyword === "patternProperties" && isRecord(value)) {
      for (const name of Object.keys(value)) {
        const refused = refuseNamePattern(name);
        if (refused !== null) return refuse(`${path}.${name.slice(0, 80)}`, refused);
      }
    }
    if (
      keyword === "$schema" &&
      !/^https?:\/\/json-schema\.org\/(draft-0[467]|draft\/2019-09|draft\/2020-12)\/schema#?$/.test(String(value))
    ) {
      return refuse(path, "this is no known draft; use https://json-schema.org/draft/2020-12/schema");
    }
  }
  for (const sub of subschemas(schema)) {
    const wrong = checkLevel(sub.schema, `${at}.${sub.path}`, depth + 1);
    if (wrong !== null) return wrong;
  }
  return null;
}

const isDraft4 = (schema: { [key: string]: unknown }): boolean => "minimum" in schema || "maximum" in schema;

const isNames = (value: unknown): boolean => Array.isArray(value) && value.every((name) => typeof name === "string");

function wrongShape(shape: Shape, value: unknown): string | null {
  const good = (ok: boolean, what: string): string | null => (ok ? null : `this must be ${what}`);
  switch (shape) {
    case "schema":
      return good(isSchema(value), "a schema");
    case "list":
      return good(Array.isArray(value) && value.length > 0 && value.every(isSchema), "a non-empty list of schemas");
    case "schema-or-list":
      return good(isSchema(value) || (Array.isArray(value) && value.every(isSchema)), "a schema or a list of schemas");
    case "map":
      return good(isRecord(value) && Object.values(value).every(isSchema), "an object of schemas");
    case "map-or-names":
      return good(
        isRecord(value) && Object.values(value).every((v) => isSchema(v) || isNames(v)),
        "an object of schemas or lists of names",
      );
    case "names-map":
      return good(isRecord(value) && Object.values(value).every(isNames), "an object of lists of names");
    case "names":
      return good(isNames(value), "a list of property names");
    case "type": {
      const names: unknown[] = Array.isArray(value) ? value : [value];
      return good(
        names.length > 0 && names.every((n) => typeof n === "string" && typeNames.includes(n)),
        `one or more of ${typeNames.join(", ")}`,
      );
    }
    case "array":
      return good(Array.isArray(value) && value.length > 0, "a non-empty list");
    case "count":
      return good(Number.isSafeInteger(value) && Number(value) >= 0, "a whole number, 0 or more");
    case "number":
      return good(typeof value === "number" && Number.isFinite(value), "a number");
    case "positive":
      return good(typeof value === "number" && Number.isFinite(value) && value > 0, "a number above 0");
    case "boolean":
      return good(typeof value === "boolean", "true or false");
    case "string":
      return good(typeof value === "string", "a string");
  }
}

/** Refuses a schema that comes back to itself without descending into the value: it could never be evaluated. */
function checkLoops(root: unknown, at: string, resolve: (schema: object) => unknown): Refusal | null {
  const done = new Set<unknown>();
  const open = new Set<unknown>();
  const loops = (schema: unknown): boolean => {
    if (!isRecord(schema) || done.has(schema)) return false;
    if (open.has(schema)) return true;
    open.add(schema);
    const target = resolve(schema);
    let found = target !== undefined && loops(target);
    for (const sub of subschemas(schema)) if (inPlaceKeywords.includes(sub.keyword)) found ||= loops(sub.schema);
    open.delete(schema);
    done.add(schema);
    return found;
  };
  const all = [root];
  for (const schema of all) {
    if (loops(schema)) return refuse(at, "a $ref leads back to itself without descending into the answer");
    if (isSchema(schema)) for (const sub of subschemas(schema)) all.push(sub.schema);
  }
  return null;
}

function isShallow(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return true;
  return levels > 0 && Object.values(value).every((part) => isShallow(part, levels - 1));
}

const refuse = (field: string, why: string): Refusal => ({
  code: "invalid-contract",
  message: `${why} (JSON Schema 2020-12 or draft 7)`,
  field: field.slice(0, 300),
});
