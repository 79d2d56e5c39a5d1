import type { JsonSchema } from "../../plan/contract.ts";
import type { Seeded } from "./seeded.ts";

type Node = Record<string, unknown>;
const maxDepth = 8;

/** A value that fits the common part of JSON Schema, chosen by the seed; `text` fills strings. */
export function valueFor(schema: JsonSchema, draws: Seeded, text: string, depth = 0): unknown {
  if (typeof schema === "boolean" || depth > maxDepth) return null;
  const node = schema as Node;
  if ("const" in node) return node.const;
  if (Array.isArray(node.enum) && node.enum.length > 0)
    return node.enum[Math.floor(draws.uniform() * node.enum.length)];
  const branches = node.anyOf ?? node.oneOf;
  if (Array.isArray(branches) && branches.length > 0)
    return valueFor(branches[0] as JsonSchema, draws, text, depth + 1);
  const type = Array.isArray(node.type) ? node.type[0] : node.type;
  switch (type) {
    case "string":
      return stringFor(node, text);
    case "integer":
      return Math.round(numberFor(node, draws));
    case "number":
      return Math.round(numberFor(node, draws) * 100) / 100;
    case "boolean":
      return draws.uniform() < 0.5;
    case "null":
      return null;
    case "array": {
      const items = (node.items ?? { type: "string" }) as JsonSchema;
      const count = Math.min(20, Math.max(numeric(node.minItems, 0), Math.min(2, numeric(node.maxItems, 2))));
      return Array.from({ length: count }, () => valueFor(items, draws, text, depth + 1));
    }
    default:
      return objectFor(node, draws, text, depth);
  }
}

function objectFor(node: Node, draws: Seeded, text: string, depth: number): unknown {
  const value: Node = {};
  const properties = (node.properties ?? {}) as Record<string, JsonSchema>;
  for (const [name, property] of Object.entries(properties).slice(0, 100))
    Object.defineProperty(value, name, {
      value: valueFor(property, draws, text, depth + 1),
      enumerable: true,
      configurable: true,
      writable: true,
    });
  return value;
}

function stringFor(node: Node, text: string): string {
  const min = Math.min(10_000, numeric(node.minLength, 0));
  const max = numeric(node.maxLength, 200);
  return [...text.padEnd(min, ".")].slice(0, max).join("");
}

function numberFor(node: Node, draws: Seeded): number {
  const min = numeric(node.minimum, 0);
  const max = numeric(node.maximum, Math.max(1, min + 1));
  return min + (max - min) * draws.uniform();
}

const numeric = (value: unknown, otherwise: number): number => (typeof value === "number" ? value : otherwise);
