import { expect, it } from "vitest";
import { testServer } from "./memory-ports.ts";

/** A request that must be refused, and how. */
export interface Refused {
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

/** One test a case: a typed problem that names the field and the next step, and no job. */
export function itRefuses(cases: readonly Refused[]): void {
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
}
