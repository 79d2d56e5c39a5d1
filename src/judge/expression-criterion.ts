import type { Expression, Operand } from "../plan/contract.ts";
import { finalCriterion, type PreparedCriterion } from "./criterion.ts";
import { atPointer, isPointer } from "./json-pointer.ts";

const deepest = 16;
const mostNodes = 256;

/** A closed, typed expression over the parsed answer. */
export function expressionCriterion(id: string, expression: Expression): PreparedCriterion {
  return finalCriterion(id, (answer) => {
    const value = answer.value();
    if (value === undefined) return { accept: false, evidence: "the answer holds no value to compare" };
    const accept = holds(expression, value);
    return { accept, evidence: `the expression is ${accept}` };
  });
}

/**
 * Evaluates an expression. Numbers compare with numbers and strings with strings (by code units); a comparison of
 * anything else, or with a place that does not exist, is false whatever its operator, save eq and ne of scalars.
 */
export function holds(expression: Expression, value: unknown): boolean {
  switch (expression.op) {
    case "and":
      return expression.of.every((part) => holds(part, value));
    case "or":
      return expression.of.some((part) => holds(part, value));
    case "not":
      return !holds(expression.of, value);
    case "exists":
      return atPointer(value, expression.path) !== undefined;
    default:
      return compares(expression.op, operandValue(expression.left, value), operandValue(expression.right, value));
  }
}

function compares(op: "eq" | "ne" | "lt" | "le" | "gt" | "ge", left: unknown, right: unknown): boolean {
  const scalar = (operand: unknown): boolean =>
    operand === null || ["string", "number", "boolean"].includes(typeof operand);
  if (!scalar(left) || !scalar(right)) return false;
  if (op === "eq") return left === right;
  if (op === "ne") return left !== right;
  let order: number;
  if (typeof left === "number" && typeof right === "number") order = left - right;
  else if (typeof left === "string" && typeof right === "string") order = left < right ? -1 : left > right ? 1 : 0;
  else return false;
  return op === "lt" ? order < 0 : op === "le" ? order <= 0 : op === "gt" ? order > 0 : order >= 0;
}

function operandValue(operand: Operand, value: unknown): unknown {
  if ("value" in operand) return operand.value;
  if ("path" in operand) return atPointer(value, operand.path);
  const measured = atPointer(value, operand.lengthOf);
  if (typeof measured === "string") return [...measured].length;
  if (typeof measured === "object" && measured !== null)
    return Array.isArray(measured) ? measured.length : Object.keys(measured).length;
  return undefined;
}

/** Why an expression is refused, with the path below it; null: it is fine. At most 16 levels and 256 parts. */
export function refuseExpression(expression: Expression): { path: string; why: string } | null {
  let nodes = 0;
  const walk = (part: Expression, path: string, depth: number): { path: string; why: string } | null => {
    nodes += 1;
    if (depth > deepest) return { path, why: `an expression has at most ${deepest} levels` };
    if (nodes > mostNodes) return { path, why: `an expression has at most ${mostNodes} parts` };
    if (part.op === "not") return walk(part.of, `${path}.of`, depth + 1);
    if ("left" in part) return refuseOperand(part.left, `${path}.left`) ?? refuseOperand(part.right, `${path}.right`);
    if ("path" in part) {
      return isPointer(part.path) ? null : { path: `${path}.path`, why: "this is no JSON Pointer; begin it with /" };
    }
    for (const [index, inner] of part.of.entries()) {
      const refused = walk(inner, `${path}.of[${index}]`, depth + 1);
      if (refused !== null) return refused;
    }
    return null;
  };
  return walk(expression, "", 1);
}

function refuseOperand(operand: Operand, path: string): { path: string; why: string } | null {
  const [name, pointer] =
    "path" in operand ? ["path", operand.path] : "lengthOf" in operand ? ["lengthOf", operand.lengthOf] : ["value", ""];
  return isPointer(pointer) ? null : { path: `${path}.${name}`, why: "this is no JSON Pointer; begin it with /" };
}
