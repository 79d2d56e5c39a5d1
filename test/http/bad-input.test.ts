import { describe, expect, it } from "vitest";
import { onlyEmbedded } from "./bidders.ts";
import { operatorKey, testServer } from "./memory-ports.ts";
import { itRefuses, type Refused } from "./refused.ts";

const deepExpression = `${'{"op":"not","of":'.repeat(20_000)}{"op":"exists","path":"/a"}${"}".repeat(20_000)}`;

const cases: Refused[] = [
  {
    what: "a second choice without the first",
    body: { text: "x", leaderChange: "restart", leaderChangeElse: "fail" },
    status: 400,
    code: "invalid-request",
    field: "leaderChangeElse",
    says: /goes with "leaderChange": "continue"/,
  },
  {
    what: "an end for several texts",
    body: { text: "x", stop: ["END"], plan: "map-reduce" },
    status: 400,
    code: "invalid-request",
    field: "stop",
    says: /one microtask/,
  },
  {
    what: "a judge that nobody is",
    body: { text: "x", judges: ["nobody/none"] },
    status: 400,
    code: "invalid-request",
    field: "judges[0]",
    says: /There is no bidder "nobody\/none"/,
  },
  {
    what: "a kind that is Atomic's own",
    body: { text: "x", kind: "judge" },
    status: 400,
    code: "invalid-request",
    field: "kind",
    says: /"kind" must be one of "language", .*"translate"/,
  },
  {
    what: "an unknown field",
    body: { text: "x", budgt: 1 },
    status: 400,
    code: "invalid-request",
    field: "budgt",
    says: /^Unknown field "budgt"\. The body takes messages, text, .*budgetUsd/,
  },
  {
    what: "an unknown field inside",
    body: { text: "x", contract: { shema: {} } },
    status: 400,
    code: "invalid-request",
    field: "contract.shema",
    says: /^Unknown field "shema"\. "contract" takes schema, criteria, judged\.$/,
  },
  {
    what: "an unknown field of a criterion",
    body: { text: "x", contract: { criteria: [{ type: "length", maxChars: 5 }] } },
    status: 400,
    code: "invalid-request",
    field: "contract.criteria[0].maxChars",
    says: /^Unknown field "maxChars"\. "contract\.criteria\[0\]" takes type, min, max\.$/,
  },
  {
    what: "no input",
    body: {},
    status: 400,
    code: "invalid-request",
    field: "text",
    says: /give "text", "messages" or "email"/,
  },
  {
    what: "two inputs",
    body: { text: "x", email: "y" },
    status: 400,
    code: "invalid-request",
    field: "email",
    says: /give only one/,
  },
  {
    what: "a list as body",
    body: [],
    status: 400,
    code: "invalid-request",
    field: "",
    says: /must be an object, not a list/,
  },
  {
    what: "text that is a number",
    body: { text: 5 },
    status: 400,
    code: "invalid-request",
    field: "text",
    says: /must be a string, not a number/,
  },
  {
    what: "a conversation without a user",
    body: { messages: [{ role: "system", content: "x" }] },
    status: 400,
    code: "invalid-request",
    field: "messages",
    says: /role "user"/,
  },
  {
    what: "a message without content",
    body: { messages: [{ role: "user" }] },
    status: 400,
    code: "invalid-request",
    field: "messages[0].content",
    says: /is missing: give a string/,
  },
  {
    what: "an unknown kind",
    body: { text: "x", kind: "poem" },
    status: 400,
    code: "invalid-request",
    field: "kind",
    says: /must be one of "language", "spam"/,
  },
  {
    what: "classes without labels",
    body: { text: "x", kind: "classify" },
    status: 400,
    code: "invalid-request",
    field: "labels",
    says: /give "labels"/,
  },
  {
    what: "a label twice",
    body: { text: "x", kind: "classify", labels: ["a", "a"] },
    status: 400,
    code: "invalid-request",
    field: "labels",
    says: /Give each once/,
  },
  {
    what: "a schema that is not a schema",
    body: { text: "x", contract: { schema: { type: "nonsense" } } },
    status: 400,
    code: "invalid-contract",
    field: "contract.schema.type",
    says: /"contract.schema.type" is refused: this must be one or more of array, boolean.*\.$/,
  },
  {
    what: "a schema that is a string",
    body: { text: "x", contract: { schema: "object" } },
    status: 400,
    code: "invalid-request",
    field: "contract.schema",
    says: /must be/,
  },
  {
    what: "a pattern that explodes",
    body: {
      text: "x",
      contract: {
        criteria: [
          { type: "length", max: 9 },
          { type: "pattern", pattern: "((a{0,30}){0,30}){0,30}", must: true },
        ],
      },
    },
    status: 400,
    code: "invalid-contract",
    field: "contract.criteria[1].pattern",
    says: /pattern/,
  },
  {
    what: "a pattern that does not compile",
    body: {
      text: "x",
      contract: {
        criteria: [
          { type: "length", max: 9 },
          { type: "pattern", pattern: "(", must: true },
        ],
      },
    },
    status: 400,
    code: "invalid-contract",
    field: "contract.criteria[1].pattern",
    says: /pattern/,
  },
  {
    what: "a language nobody can tell",
    body: {
      text: "x",
      contract: {
        criteria: [
          { type: "length", max: 9 },
          { type: "language", language: "xx" },
        ],
      },
    },
    status: 400,
    code: "invalid-contract",
    field: "contract.criteria[1].language",
    says: /language/,
  },
  {
    what: "a cap of zero",
    body: {
      text: "x",
      contract: {
        criteria: [
          { type: "length", max: 9 },
          { type: "words", max: 0 },
        ],
      },
    },
    status: 400,
    code: "invalid-request",
    field: "contract.criteria[1].max",
    says: /max/,
  },
  {
    what: "an unknown criterion",
    body: { text: "x", contract: { criteria: [{ type: "length", max: 9 }, { type: "nice" }] } },
    status: 400,
    code: "invalid-request",
    field: "contract.criteria[1].type",
    says: /must be one of "length", "words"/,
  },
  {
    what: "a criterion without its pattern",
    body: { text: "x", contract: { criteria: [{ type: "length" }, { type: "words" }, { type: "pattern" }] } },
    status: 400,
    code: "invalid-request",
    field: "contract.criteria[2].pattern",
    says: /is missing/,
  },
  {
    what: "an expression that nests without end",
    body: `{"text":"x","contract":{"criteria":[{"type":"expression","expression":${deepExpression}}]}}`,
    status: 400,
    code: "invalid-request",
    says: /64 levels.*flatter/,
  },
  {
    what: "a budget of 0",
    body: { text: "x", budgetUsd: 0 },
    status: 400,
    code: "invalid-request",
    field: "budgetUsd",
    says: /greater than 0\. Leave the field out/,
  },
  {
    what: "a negative budget",
    body: { text: "x", budgetUsd: -1 },
    status: 400,
    code: "invalid-request",
    field: "budgetUsd",
    says: /greater than 0/,
  },
  {
    what: "a budget below a nano-dollar",
    body: { text: "x", budgetUsd: 1e-12 },
    status: 400,
    code: "invalid-request",
    field: "budgetUsd",
    says: /greater than 0/,
  },
  {
    what: "a budget in words",
    body: { text: "x", budgetUsd: "1" },
    status: 400,
    code: "invalid-request",
    field: "budgetUsd",
    says: /must be a number, not a string/,
  },
  {
    what: "a budget that no number can hold",
    body: '{"text": "x", "budgetUsd": 1e400}',
    status: 400,
    code: "invalid-request",
    field: "budgetUsd",
    says: /must be a number, not one without bounds/,
  },
  {
    what: "a value of 0",
    body: { text: "x", valueUsd: 0 },
    status: 400,
    code: "invalid-request",
    field: "valueUsd",
    says: /greater than 0/,
  },
  {
    what: "a deadline of 0",
    body: { text: "x", deadlineMs: 0 },
    status: 400,
    code: "invalid-request",
    field: "deadlineMs",
    says: /greater than 0/,
  },
  {
    what: "a negative deadline",
    body: { text: "x", deadlineMs: -5 },
    status: 400,
    code: "invalid-request",
    field: "deadlineMs",
    says: /greater than 0/,
  },
  {
    what: "half a millisecond",
    body: { text: "x", deadlineMs: 1.5 },
    status: 400,
    code: "invalid-request",
    field: "deadlineMs",
    says: /a whole number/,
  },
  {
    what: "a deadline next year",
    body: { text: "x", deadlineMs: 1e10 },
    status: 400,
    code: "invalid-request",
    field: "deadlineMs",
    says: /at most 2592000000/,
  },
  {
    what: "an unknown bidder",
    body: { text: "x", bidders: ["openai/small", "acme/none"] },
    status: 400,
    code: "invalid-request",
    field: "bidders[1]",
    says: /GET \/v1\/bidders lists them/,
  },
  {
    what: "bidders that cannot do it",
    body: { text: "x", bidders: ["embedded/eld"] },
    status: 400,
    code: "no-bidder",
    field: "kind",
    says: /Allow another/,
  },
  {
    what: "too much metadata",
    body: { text: "x", metadata: Object.fromEntries(Array.from({ length: 17 }, (_, i) => [`k${i}`, "v"])) },
    status: 400,
    code: "invalid-request",
    field: "metadata",
    says: /Send fewer/,
  },
];

describe("bad input", () => {
  itRefuses(cases);
  it("names all faults at once, and at most 20", async () => {
    const server = testServer();
    const two = await (await server.ask("/v1/jobs", { body: { text: "x", budgetUsd: 0, deadlineMs: 0 } })).json();
    expect(two.errors.map((e: { field: string }) => e.field)).toEqual(["budgetUsd", "deadlineMs"]);
    const body = Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`field${i}`, 1]));
    expect((await (await server.ask("/v1/jobs", { body })).json()).errors).toHaveLength(20);
  });

  it("says in one line how to add a bidder when no bidder can do a generative kind", async () => {
    const server = testServer({ bidders: onlyEmbedded });
    for (const kind of ["answer", "draft", "code"]) {
      const problem = await (await server.ask("/v1/jobs", { body: { text: "x", kind } })).json();
      expect(problem).toMatchObject({ code: "no-bidder", field: "kind" });
      expect(problem.detail).toMatch(/Add one: start the server with OPENAI_API_KEY.*npm run bidders -- add/);
    }
    expect((await server.ask("/v1/jobs", { body: { text: "x", kind: "language" } })).status).toBe(202);
    const how = await server.ask("/v1/jobs", {
      body: { text: "x", kind: "language", instruction: "Say it in words." },
    });
    expect([how.status, (await how.json()).detail]).toEqual([
      400,
      expect.stringMatching(/^Only rules can do "language" here, and they follow no instruction\. .*Add one: /),
    ]);
    const inPlan = {
      microtasks: [
        { id: "l", kind: "language" },
        { id: "d", kind: "draft" },
      ],
      assembly: { type: "single", of: "d" },
    };
    expect(await (await server.ask("/v1/jobs", { body: { text: "x", plan: inPlan } })).json()).toMatchObject({
      code: "no-bidder",
      field: "plan.microtasks[1].kind",
    });
  });

  it("hides what went wrong inside, and tells the operator", async () => {
    const server = testServer();
    server.ports.jobs.create = async () => {
      throw new Error(`secret ${operatorKey}`);
    };
    const response = await server.ask("/v1/jobs", { body: { text: "x" } });
    const text = await response.text();
    expect(response.status).toBe(500);
    expect(text).not.toContain("secret");
    expect(JSON.parse(text)).toMatchObject({ code: "internal", detail: expect.stringContaining("report request") });
    expect(server.unexpected).toHaveLength(1);
  });
});
