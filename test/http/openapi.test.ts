import { readFileSync } from "node:fs";
import { Validator } from "@seriousme/openapi-schema-validator";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, it } from "vitest";
import { operations } from "../../src/http/openapi/operations.ts";
import { testServer } from "./memory-ports.ts";
import { answers, asksFor } from "./scripts.ts";

interface Document {
  paths: Record<string, Record<string, { operationId: string; requestBody?: object }>>;
  components: { schemas: Record<string, object> };
}
const server = testServer();
const document = (await (await server.ask("/openapi.json", { method: "GET" })).json()) as Document;

/** A validator of one of the document's schemas, with all others at hand. */
function schemaOf(name: string) {
  const ajv = new Ajv2020({ strict: false });
  return ajv.compile({ $ref: `#/components/schemas/${name}`, components: document.components });
}

describe("the API's own document", () => {
  it("is OpenAPI 3.1", async () => {
    const validator = new Validator();
    const result = await validator.validate(JSON.parse(JSON.stringify(document)));
    expect(result).toEqual({ valid: true });
    expect(validator.version).toBe("3.1");
    const ids = Object.values(document.paths).flatMap((path) => Object.values(path).map((one) => one.operationId));
    expect(new Set(ids).size).toBe(ids.length);
  });

  it("has every route there is, and no other", () => {
    const there = server.app.routes
      .filter(({ method, path }) => method !== "ALL" && (path.startsWith("/v1/") || path === "/metrics"))
      .map(({ method, path }) => {
        const named = path
          .replaceAll("%3A", "\u0000")
          .replace(/:(\w+)(\{[^}]*\})?/g, "{$1}")
          .replaceAll("\u0000", ":");
        return `${method.toLowerCase()} ${named}`;
      });
    expect(operations.map(({ method, path }) => `${method} ${path}`).toSorted()).toEqual(
      [...new Set(there)].toSorted(),
    );
  });

  it("has no route that docs/api.md does not name, whole or by its end", () => {
    const named = new Set(readFileSync("docs/api.md", "utf8").match(/(?<=[` ])(\.\.\.)?\/[\w./:{}-]+/g));
    const isNamed = (path: string): boolean => {
      const end = path.replace(/^.*\}(?=\/)/, "");
      return [path, end, `...${end}`].some((name) => named.has(name));
    };
    expect(operations.map(({ path }) => path).filter((path) => !isNamed(path))).toEqual([]);
  });

  it("names all that it refers to", () => {
    const text = JSON.stringify(document);
    const named = [...text.matchAll(/"\$ref":"([^"]+)"/g)].map(([, ref]) => ref);
    expect(named.length).toBeGreaterThan(20);
    for (const ref of new Set(named)) {
      const [, name = ""] = /^#\/components\/schemas\/(\w+)$/.exec(ref ?? "") ?? [];
      expect(document.components.schemas[name], ref).toBeDefined();
    }
  });

  it.each([
    [{ text: "x" }, true],
    [{ messages: [{ role: "user", content: "x" }], tools: [{ name: "now" }], toolChoice: { name: "now" } }, true],
    [{ text: "x", contract: { criteria: [{ type: "expression", expression: { op: "exists", path: "/a" } }] } }, true],
    [{ text: "x", budgt: 1 }, false],
    [{ text: 1 }, false],
    [{ text: "x", contract: { criteria: [{ type: "expression", expression: { op: "exist", path: "/a" } }] } }, false],
  ])("says of %j what the server says", async (body, valid) => {
    expect(schemaOf("JobRequest")(body)).toBe(valid);
    server.runs(answers("x"));
    expect((await server.ask("/v1/jobs", { body })).ok).toBe(valid);
  });

  it.each([
    ["an answer", answers("Paris.")],
    ["calls", asksFor([{ id: "call_1", name: "now", arguments: "{}" }])],
  ])("tells a job as it is: %s", async (_, script) => {
    server.runs(script);
    const response = await server.ask("/v1/jobs?wait=true", { body: { text: "x" } });
    const job = await response.json();
    const check = schemaOf("Job");
    expect([check(job), check.errors]).toEqual([true, null]);
    const list = await (await server.ask("/v1/jobs", { method: "GET" })).json();
    expect(schemaOf("JobList")(list)).toBe(true);
    const why = await (await server.ask(`/v1/jobs/${job.id}/explain`, { method: "GET" })).json();
    expect(schemaOf("Explanation")(why)).toBe(true);
  });

  it("tells keys as they are", async () => {
    const made = await (await server.ask("/v1/keys", { body: { tenant: "a", days: 1, scope: "read" } })).json();
    expect([schemaOf("NewKey")(made), made.scope]).toEqual([true, "read"]);
    expect(schemaOf("KeyList")(await (await server.ask("/v1/keys", { method: "GET" })).json())).toBe(true);
    expect(schemaOf("KeyRequest")({ tenant: "a", days: 0.5 })).toBe(false);
  });

  it("tells refusals as they are, in both dialects", async () => {
    const problem = await (await server.ask("/v1/jobs", { body: { budgt: 1, text: 2 } })).json();
    expect([schemaOf("Problem")(problem), problem.errors.length]).toEqual([true, 2]);
    const error = await (await server.ask("/v1/chat/completions", { body: { model: "atomic", messages: [] } })).json();
    expect(schemaOf("OpenAIError")(error)).toBe(true);
  });

  it("needs a key, like all else", async () => {
    expect((await server.app.request("/openapi.json")).status).toBe(401);
  });
});
