import { describe, expect, it } from "vitest";
import { checkContract } from "../../src/judge/check-contract.ts";
import type { Contract, Criterion, Expression } from "../../src/plan/contract.ts";

const refused = (criterion: Criterion, before: Criterion[] = []): string | undefined => {
  const refusal = checkContract({ criteria: [...before, criterion], judged: [] });
  if (refusal !== null) expect(refusal).toMatchObject({ code: "invalid-contract" });
  return refusal?.field;
};
const fine: Criterion = { type: "length", max: 10 };
const deep = (levels: number): Expression =>
  levels === 0 ? { op: "exists", path: "/a" } : { op: "not", of: deep(levels - 1) };

describe("a contract at submission", () => {
  it("passes when it can be judged", () => {
    const contract: Contract = {
      schema: { type: "object", properties: { a: { type: "string", pattern: "^[a-z]+(?: [a-z]+)*$" } } },
      criteria: [
        fine,
        { type: "pattern", pattern: "(?i)invoice\\s+no\\.\\s*\\d{4,8}", must: true },
        { type: "language", language: "de" },
        { type: "expression", expression: deep(15) },
      ],
      judged: ["It is polite."],
    };
    expect(checkContract(contract)).toBeNull();
  });

  it("is refused with the field: patterns that do not compile or explode", () => {
    expect(refused({ type: "pattern", pattern: "(", must: true }, [fine, fine])).toBe("contract.criteria[2].pattern");
    expect(refused({ type: "pattern", pattern: "(?=a)b", must: true })).toBe("contract.criteria[0].pattern");
    expect(refused({ type: "pattern", pattern: "(a)\\1", must: true })).toBe("contract.criteria[0].pattern");
    expect(refused({ type: "pattern", pattern: "((a{0,30}){0,30}){0,30}", must: true })).toBe(
      "contract.criteria[0].pattern",
    );
    expect(refused({ type: "pattern", pattern: "[a-z]{1000}[0-9]{1000}", must: true })).toBe(
      "contract.criteria[0].pattern",
    );
    const large: Criterion = { type: "pattern", pattern: "\\pL{900}", must: true };
    expect(refused(large, [large, large, large, large])).toBe("contract.criteria[4].pattern");
  });

  it("is refused with the field: languages, caps, bounds, paths", () => {
    expect(refused({ type: "language", language: "xx" })).toBe("contract.criteria[0].language");
    expect(refused({ type: "length", max: 0 })).toBe("contract.criteria[0].max");
    expect(refused({ type: "words", max: 0 }, [fine])).toBe("contract.criteria[1].max");
    expect(refused({ type: "length", min: 5, max: 4 })).toBe("contract.criteria[0].min");
    expect(refused({ type: "number", path: "", min: 5, max: 4 })).toBe("contract.criteria[0].min");
    expect(refused({ type: "length" })).toBe("contract.criteria[0]");
    expect(refused({ type: "number", path: "a/b" })).toBe("contract.criteria[0].path");
    expect(refused({ type: "parses", language: "cobol" } as unknown as Criterion)).toBe(
      "contract.criteria[0].language",
    );
    expect(refused({ type: "equals", anyOf: Array.from({ length: 20 }, () => "x".repeat(9_000)) })).toBe(
      "contract.criteria[0].anyOf",
    );
    expect(checkContract({ criteria: [], judged: [" "] })?.field).toBe("contract.judged[0]");
  });

  it("is refused with the field: expressions that are deep or point nowhere", () => {
    expect(refused({ type: "expression", expression: deep(16) })).toMatch(
      /^contract\.criteria\[0\]\.expression(\.of){16}$/,
    );
    expect(
      refused({
        type: "expression",
        expression: { op: "and", of: [{ op: "eq", left: { value: 1 }, right: { lengthOf: "x" } }] },
      }),
    ).toBe("contract.criteria[0].expression.of[0].right.lengthOf");
    const wide: Expression = {
      op: "or",
      of: Array.from({ length: 16 }, () => ({ op: "or" as const, of: Array.from({ length: 16 }, () => deep(0)) })),
    };
    expect(refused({ type: "expression", expression: wide })).toContain("contract.criteria[0].expression");
  });

  it("is refused with the field: a schema that is none", () => {
    expect(checkContract({ schema: { type: "objekt" }, criteria: [], judged: [] })?.field).toBe("contract.schema.type");
    expect(checkContract({ schema: { properties: { a: { minLength: -1 } } }, criteria: [], judged: [] })?.field).toBe(
      "contract.schema.properties.a.minLength",
    );
  });
});
