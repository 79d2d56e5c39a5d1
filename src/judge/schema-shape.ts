import { foldText } from "../output/fold-case.ts";
import { isRecord } from "../output/schema-keywords.ts";
import type { PreparedSchema } from "../output/validator.ts";
import type { JsonSchema } from "../plan/contract.ts";

/**
 * What a schema surely forbids, as a streaming judge needs it: for each JSON type whether it may stand here, and the
 * rules for it. A looser reading of the schema: what is not understood (not, if, patterns) forbids nothing.
 */
export interface SchemaShape {
  /** Types that may stand here; null: any. */
  types: ReadonlySet<JsonType> | null;
  /** Members of the enum when all values here must be strings of it, folded; null: any string. */
  members: readonly string[] | null;
  longestString: number;
  lowest: number;
  highest: number;
  /** The lowest (highest) is itself excluded. */
  openLow: boolean;
  openHigh: boolean;
  mostItems: number;
  required: readonly string[];
  property(name: string): SchemaShape | null;
  item(): SchemaShape | null;
}

export type JsonType = "object" | "array" | "string" | "number" | "boolean" | "null";

const unbounded = {
  longestString: Infinity,
  lowest: -Infinity,
  highest: Infinity,
  openLow: false,
  openHigh: false,
  mostItems: Infinity,
};

/** Shapes of one prepared schema, made when a stream first gets there. */
export function shapeReader(prepared: PreparedSchema): (schema: JsonSchema) => SchemaShape | null {
  const made = new Map<object, SchemaShape | null>();
  const shape = (schema: JsonSchema): SchemaShape | null => {
    if (!isRecord(schema)) return null;
    const before = made.get(schema);
    if (before !== undefined) return before;
    made.set(schema, null);
    const result = make(schema);
    made.set(schema, result);
    return result;
  };
  const make = (schema: { [key: string]: unknown }): SchemaShape | null => {
    const target = prepared.resolve(schema);
    if (target !== undefined) return shape(target);
    const branches = schema.anyOf ?? schema.oneOf;
    if (Array.isArray(branches)) return union(branches.map((branch: JsonSchema) => shape(branch)));
    const own = plain(schema, shape);
    // One conjunct with a structure of its own is the usual wrapping of a $ref; of several, the first with types.
    const parts: (SchemaShape | null)[] = Array.isArray(schema.allOf)
      ? schema.allOf.map((part: JsonSchema) => shape(part))
      : [];
    return own.types === null && own.members === null ? (parts.find((part) => part?.types) ?? own) : own;
  };
  return shape;
}

function plain(schema: { [key: string]: unknown }, shape: (schema: JsonSchema) => SchemaShape | null): SchemaShape {
  const values: unknown[] | null = Array.isArray(schema.enum) ? schema.enum : "const" in schema ? [schema.const] : null;
  const named =
    typeof schema.type === "string" ? [schema.type] : Array.isArray(schema.type) ? schema.type.map(String) : null;
  const types = named ?? values?.map(jsonType) ?? null;
  const properties = isRecord(schema.properties) ? schema.properties : {};
  const number = (keyword: string, otherwise: number): number =>
    typeof schema[keyword] === "number" ? Number(schema[keyword]) : otherwise;
  const lowest = Math.max(number("minimum", -Infinity), number("exclusiveMinimum", -Infinity));
  const highest = Math.min(number("maximum", Infinity), number("exclusiveMaximum", Infinity));
  return {
    types: types === null ? null : new Set(types.map((type) => (type === "integer" ? "number" : type) as JsonType)),
    members: values?.every((value) => typeof value === "string")
      ? values.map((value) => foldText(String(value).trim()))
      : null,
    longestString: number("maxLength", Infinity),
    lowest,
    highest,
    openLow: lowest === number("exclusiveMinimum", -Infinity),
    openHigh: highest === number("exclusiveMaximum", Infinity),
    mostItems: number("maxItems", Infinity),
    required: Array.isArray(schema.required) ? schema.required.map(String) : [],
    property: (name) => {
      const own = Object.hasOwn(properties, name) ? properties[name] : undefined;
      return isRecord(own) ? shape(own) : null;
    },
    item: () => (isRecord(schema.items) && schema.prefixItems === undefined ? shape(schema.items) : null),
  };
}

/**
 * Any of several: a type's rules are known only where one branch alone has that type, and where the reader could not
 * mend the value into another branch's type (a value into a list of one, a number into a string, and back).
 */
function union(branches: readonly (SchemaShape | null)[]): SchemaShape | null {
  const types = new Set<JsonType>();
  for (const branch of branches) {
    if (branch?.types == null) return null;
    for (const type of branch.types) types.add(type);
  }
  const only = (type: JsonType, mendable: readonly JsonType[]): SchemaShape | null => {
    if (mendable.some((other) => types.has(other))) return null;
    const having = branches.filter((branch) => branch?.types?.has(type));
    return having.length === 1 ? (having[0] ?? null) : null;
  };
  const strings = branches.filter((branch) => branch?.types?.has("string"));
  const text = only("string", ["array", "object", "number", "boolean"]);
  const number = only("number", ["array", "string"]);
  const object = only("object", ["array"]);
  const array = only("array", ["object", "string", "number", "boolean"]);
  const choices = strings.length > 0 && types.size <= 2 && strings.every((branch) => branch?.members != null);
  const members = choices ? strings.flatMap((branch) => branch?.members ?? []) : null;
  return {
    ...unbounded,
    types,
    members,
    longestString: text?.longestString ?? Infinity,
    lowest: number?.lowest ?? -Infinity,
    highest: number?.highest ?? Infinity,
    openLow: number?.openLow ?? false,
    openHigh: number?.openHigh ?? false,
    mostItems: array?.mostItems ?? Infinity,
    required: object?.required ?? [],
    property: (name) => object?.property(name) ?? null,
    item: () => array?.item() ?? null,
  };
}

function jsonType(value: unknown): JsonType {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  const type = typeof value;
  return type === "string" || type === "number" || type === "boolean" ? type : "object";
}
