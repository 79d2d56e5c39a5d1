import type { z } from "zod";
import { type Fault, InputError } from "./error-response.ts";

type Issue = z.core.$ZodIssue;
const maxFaults = 20;

/** Parses input or throws all its faults (at most 20), each with the field's path and what would be right. */
export function parseInput<T>(schema: z.ZodType<T>, input: unknown): T {
  const parsed = schema.safeParse(input, { reportInput: true });
  if (parsed.success) return parsed.data;
  const faults = closest(parsed.error.issues)
    .flatMap((issue) => faultsOf(issue, [], schema))
    .slice(0, maxFaults);
  const first = faults[0] ?? { field: "", detail: "The request is not valid." };
  throw new InputError({ code: "invalid-request", message: first.detail, field: first.field }, faults);
}

/** A number beyond every bound is told the one of its field, and not those of all whole numbers too. */
function closest(issues: readonly Issue[]): Issue[] {
  const least = new Map<string, number>();
  const keys = issues.map((issue) => {
    if (issue.code !== "too_big" && issue.code !== "too_small") return null;
    const limit = issue.code === "too_big" ? Number(issue.maximum) : -Number(issue.minimum);
    const key = `${issue.code} ${pathText(issue.path)}`;
    least.set(key, Math.min(least.get(key) ?? Number.POSITIVE_INFINITY, limit));
    return { key, limit };
  });
  return issues.filter((_, i) => {
    const own = keys[i];
    return own == null || own.limit <= (least.get(own.key) ?? own.limit);
  });
}

/** `contract.criteria[2].pattern`. */
export function pathText(path: readonly PropertyKey[]): string {
  let text = "";
  for (const part of path)
    text += typeof part === "number" ? `[${part}]` : text === "" ? String(part) : `.${String(part)}`;
  return text;
}

function faultsOf(issue: Issue, above: PropertyKey[], schema: z.core.$ZodType): Fault[] {
  const path = [...above, ...issue.path];
  if (issue.code === "unrecognized_keys") {
    const known = fieldsAt(schema, path, issue.input);
    const names = known.length === 0 ? "Remove it or correct its name." : `${subject(path)} takes ${known.join(", ")}.`;
    return issue.keys.map((key) => ({
      field: pathText([...path, key.slice(0, 100)]),
      detail: `Unknown field "${key.slice(0, 100)}". ${names}`,
    }));
  }
  if (issue.code === "invalid_union" && "options" in issue && issue.options !== undefined)
    return [
      { field: pathText(path), detail: `${subject(path)} must be one of ${issue.options.map(quote).join(", ")}.` },
    ];
  if (issue.code === "invalid_union") {
    // The branch that got furthest is the one that was meant.
    const branches = issue.errors.map((issues) => issues.flatMap((inner) => faultsOf(inner, path, schema)));
    const meant = branches.sort((a, b) => depth(b) - depth(a) || a.length - b.length)[0];
    if (meant !== undefined && meant.length > 0) return meant;
  }
  return [{ field: pathText(path), detail: sentence(issue, path) }];
}

/** Names of the fields that the object `input` at this path may have; none where several forms of it are possible. */
function fieldsAt(schema: z.core.$ZodType, path: readonly PropertyKey[], input: unknown): string[] {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  if ("innerType" in def) return fieldsAt(def.innerType, path, input);
  if (def.type === "pipe") return fieldsAt(def.in, path, input);
  if (def.type === "lazy") return fieldsAt(def.getter(), path, input);
  const [first, ...rest] = path;
  if (def.type === "union") {
    const forms = def.options.filter((form) => first !== undefined || isOfType(form, input));
    const fields = forms.map((form) => fieldsAt(form, path, input)).filter((names) => names.length > 0);
    return fields.length === 1 ? (fields[0] ?? []) : [];
  }
  if (def.type === "array" && typeof first === "number") return fieldsAt(def.element, rest, input);
  if (def.type !== "object") return [];
  if (first === undefined) return Object.keys(def.shape);
  const next = def.shape[String(first)];
  return next === undefined ? [] : fieldsAt(next, rest, input);
}

/** Is this the form of objects whose `type` the input names? */
function isOfType(form: z.core.$ZodType, input: unknown): boolean {
  const { def } = (form as z.core.$ZodTypes)._zod;
  if (def.type !== "object" || typeof input !== "object" || input === null) return false;
  const { type } = def.shape;
  const wanted = type === undefined ? undefined : (type as z.core.$ZodTypes)._zod.def;
  return wanted?.type === "literal" && wanted.values.some((value) => value === (input as { type?: unknown }).type);
}

const depth = (faults: Fault[]): number => Math.max(0, ...faults.map((f) => f.field.split(/[.[]/).length));
const quote = (value: unknown): string => (typeof value === "string" ? `"${value}"` : String(value));
const subject = (path: PropertyKey[]): string => (path.length === 0 ? "The body" : `"${pathText(path)}"`);

function sentence(issue: Issue, path: PropertyKey[]): string {
  const it = subject(path);
  switch (issue.code) {
    case "invalid_type":
      if (issue.input === undefined) return `${it} is missing: give ${article(issue.expected)}.`;
      if (issue.expected === "int" && typeof issue.input === "number")
        return `${it} must be a whole number, not ${issue.input}.`;
      return `${it} must be ${article(issue.expected)}, not ${nameOf(issue.input)}.`;
    case "too_small":
      return `${it} must be ${bound(issue.origin, issue.inclusive === false ? "more than" : "at least", issue.minimum)}.`;
    case "too_big":
      return `${it} must be ${bound(issue.origin, issue.inclusive === false ? "less than" : "at most", issue.maximum)}.`;
    case "invalid_value":
      return `${it} must be ${issue.values.length === 1 ? "" : "one of "}${issue.values.map(quote).join(", ")}.`;
    case "invalid_format":
      return `${it} does not have the right form${issue.pattern === undefined ? "" : `: it must match ${issue.pattern}`}.`;
    default:
      return issue.message;
  }
}

const inWords = new Map([
  ["int", "a whole number"],
  ["nan", "a number"],
  ["record", "an object"],
]);
const article = (type: string): string => inWords.get(type) ?? (/^[aeio]/.test(type) ? `an ${type}` : `a ${type}`);

const nameOf = (value: unknown): string =>
  value === null
    ? "null"
    : Array.isArray(value)
      ? "a list"
      : typeof value === "object"
        ? "an object"
        : value === Number.POSITIVE_INFINITY || value === Number.NEGATIVE_INFINITY
          ? "one without bounds"
          : `a ${typeof value}`;

function bound(origin: string, relation: string, limit: number | bigint): string {
  if (origin === "string") return `${relation} ${limit} character${limit === 1 ? "" : "s"} long`;
  if (origin === "array") return `a list of ${relation} ${limit} item${limit === 1 ? "" : "s"}`;
  if (origin === "record" || origin === "object") return `an object of ${relation} ${limit} entries`;
  return `${relation} ${limit}`;
}
