import { describe, expect, it } from "vitest";
import { onlyEmbedded } from "./bidders.ts";
import { operatorKey, testServer } from "./memory-ports.ts";

interface Refused {
  what: string;
  body?: unknown;
  path?: string;
  method?: string;
  headers?: Record<string, string>;
  status: number;
  code: string;
  field?: string;
  /** What the detail says, the next step included. */
  says: RegExp;
}

const bytes = (...values: number[]) => new Uint8Array(values);
const task = { id: "a", kind: "answer" };
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
    what: "an unknown field",
    body: { text: "x", budgt: 1 },
    status: 400,
    code: "invalid-request",
    field: "budgt",
    says: /Unknown field "budgt"\. Remove it/,
  },
  {
    what: "an unknown field inside",
    body: { text: "x", contract: { shema: {} } },
    status: 400,
    code: "invalid-request",
    field: "contract.shema",
    says: /Remove it/,
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
    what: "an unknown plan",
    body: { text: "x", plan: "triage" },
    status: 400,
    code: "invalid-request",
    field: "plan",
    says: /must be one of "single", "email-triage"/,
  },
  {
    what: "a fault inside a plan",
    body: { text: "x", plan: { microtasks: [{ ...task, kind: "poem" }] } },
    status: 400,
    code: "invalid-request",
    field: "plan.microtasks[0].kind",
    says: /must be one of/,
  },
  {
    what: "a plan that needs what it has not",
    body: { text: "x", plan: { microtasks: [{ ...task, needs: ["b"] }] } },
    status: 400,
    code: "invalid-plan",
    field: "plan.microtasks[0].needs",
    says: /not in the plan/,
  },
  {
    what: "a plan that is a cycle",
    body: {
      text: "x",
      plan: {
        microtasks: [
          { ...task, needs: ["b"] },
          { ...task, id: "b", needs: ["a"] },
        ],
        assembly: { type: "single", of: "a" },
      },
    },
    status: 400,
    code: "invalid-plan",
    field: "plan.microtasks",
    says: /a -> b -> a/,
  },
  {
    what: "a plan of 33 microtasks",
    body: {
      text: "x",
      plan: {
        microtasks: Array.from({ length: 33 }, (_, i) => ({ ...task, id: `t${i}` })),
        assembly: { type: "single", of: "t1" },
      },
    },
    status: 400,
    code: "invalid-plan",
    field: "plan.microtasks",
    says: /Split the job/,
  },
  {
    what: "a plan without an answer",
    body: { text: "x", plan: { microtasks: [task, { ...task, id: "b" }] } },
    status: 400,
    code: "invalid-plan",
    field: "plan.assembly",
    says: /give assembly/,
  },
  {
    what: "too much metadata",
    body: { text: "x", metadata: Object.fromEntries(Array.from({ length: 17 }, (_, i) => [`k${i}`, "v"])) },
    status: 400,
    code: "invalid-request",
    field: "metadata",
    says: /Send fewer/,
  },
  { what: "JSON over 1 MB", body: { text: "x".repeat(1_000_001) }, status: 413, code: "too-large", says: /Send less/ },
  { what: "malformed JSON", body: '{"text": ', status: 400, code: "invalid-request", says: /not valid JSON/ },
  { what: "an empty body", body: "", status: 400, code: "invalid-request", says: /Send a JSON object/ },
  {
    what: "invalid UTF-8",
    body: bytes(0x7b, 0x22, 0xff, 0x22, 0x7d),
    status: 400,
    code: "invalid-request",
    says: /Encode the JSON as UTF-8/,
  },
  {
    what: "a form",
    body: "text=x",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    status: 415,
    code: "unsupported-media-type",
    says: /Send JSON/,
  },
  {
    what: "malformed MIME",
    body: { email: "nothing like a mail" },
    status: 400,
    code: "invalid-email",
    field: "email",
    says: /Send the raw message/,
  },
  {
    what: "malformed MIME, raw",
    body: bytes(1, 2, 3),
    headers: { "content-type": "message/rfc822" },
    status: 400,
    code: "invalid-email",
    field: "email",
    says: /Send the raw message/,
  },
  {
    what: "a wait that is no time",
    path: "/v1/jobs?wait=soon",
    body: { text: "x" },
    status: 400,
    code: "invalid-request",
    field: "wait",
    says: /number of seconds/,
  },
  {
    what: "a limit of 0",
    path: "/v1/jobs?limit=0",
    status: 400,
    code: "invalid-request",
    field: "limit",
    says: /from 1 to 200/,
  },
  {
    what: "a page before never",
    path: "/v1/jobs?before=then",
    status: 400,
    code: "invalid-request",
    field: "before",
    says: /"next" of the page before/,
  },
  {
    what: "a job id of another form",
    path: "/v1/jobs/1",
    status: 404,
    code: "not-found",
    field: "id",
    says: /GET \/v1\/jobs lists yours/,
  },
  {
    what: "a forged job id",
    path: `/v1/jobs/job_${"ab".repeat(32)}_${"0".repeat(16)}`,
    status: 404,
    code: "not-found",
    field: "id",
    says: /GET \/v1\/jobs lists yours/,
  },
  {
    what: "a job id without end",
    path: `/v1/jobs/${"a".repeat(5000)}`,
    status: 404,
    code: "not-found",
    field: "id",
    says: /lists yours/,
  },
  {
    what: "events of no job",
    path: "/v1/jobs/nope/events",
    status: 404,
    code: "not-found",
    field: "id",
    says: /lists yours/,
  },
  {
    what: "cancelling no job",
    path: "/v1/jobs/nope/cancel",
    method: "POST",
    status: 404,
    code: "not-found",
    field: "id",
    says: /lists yours/,
  },
  {
    what: "feedback on no job",
    path: "/v1/feedback",
    body: { job: "nope", good: true },
    status: 404,
    code: "not-found",
    field: "job",
    says: /lists yours/,
  },
  {
    what: "feedback that says nothing",
    path: "/v1/feedback",
    body: { job: "nope" },
    status: 400,
    code: "invalid-request",
    field: "good",
    says: /Say either/,
  },
  {
    what: "feedback that says two things",
    path: "/v1/feedback",
    body: { job: "nope", good: true, label: "x" },
    status: 400,
    code: "invalid-request",
    field: "label",
    says: /not both/,
  },
  {
    what: "a tenant with a strange name",
    path: "/v1/keys",
    body: { tenant: "../x" },
    status: 400,
    code: "invalid-request",
    field: "tenant",
    says: /it must match/,
  },
  {
    what: "the operator's own name as a tenant",
    path: "/v1/keys",
    body: { tenant: "operator" },
    status: 400,
    code: "invalid-request",
    field: "tenant",
    says: /Take another/,
  },
  {
    what: "a key that is not there",
    path: "/v1/keys/0123",
    method: "DELETE",
    status: 404,
    code: "not-found",
    field: "id",
    says: /no such key/,
  },
  { what: "a route that is not there", path: "/v1/nothing", status: 404, code: "not-found", says: /README/ },
  {
    what: "a method that is not there",
    path: "/v1/auctions/preview",
    status: 405,
    code: "method-not-allowed",
    says: /takes POST, not GET/,
  },
];

describe("bad input", () => {
  it.each(cases)("$what: $status $code", async ({ body, path, method, headers, status, code, field, says }) => {
    const server = testServer();
    const response = await server.ask(path ?? "/v1/jobs", { body, method, headers });
    const problem = await response.json();
    expect({ status: response.status, code: problem.code, field: problem.field }).toEqual({ status, code, field });
    expect(response.headers.get("content-type")).toBe("application/problem+json");
    expect(problem).toMatchObject({ status, title: code.replaceAll("-", " "), detail: expect.stringMatching(says) });
    expect(problem.requestId).toBe(response.headers.get("x-request-id"));
    expect(JSON.stringify(problem)).not.toMatch(/\bat .*\.(ts|js):\d+|node_modules|ZodError/);
    expect(server.jobs.jobs.size).toBe(0);
    expect(server.unexpected).toEqual([]);
  });

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
