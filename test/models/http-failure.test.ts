import { expect, it } from "vitest";
import { failureOfStatus } from "../../src/models/http-failure.ts";

const openai = (code: string | null, message = "no") => ({ error: { message, type: "invalid_request_error", code } });

it.each([
  [400, openai("context_length_exceeded"), "too-long"],
  [400, openai(null, "This model's maximum context length is 4096 tokens. However, you requested 5000."), "too-long"],
  [400, { error: { type: "invalid_request_error", message: "prompt is too long: 9 tokens > 8 maximum" } }, "too-long"],
  [
    400,
    { error: { code: 400, status: "INVALID_ARGUMENT", message: "exceeds the maximum number of tokens" } },
    "too-long",
  ],
  [400, { error: { code: 400, type: "exceed_context_size_error", message: "no" } }, "too-long"],
  [413, {}, "too-long"],
  [400, openai("unsupported_value"), "refused"],
  [422, { detail: "messages: field required" }, "refused"],
  // What its operator set, or a model that is gone, is nothing that a client can mend.
  [400, openai("model_not_found"), null],
  [400, { error: { code: 400, status: "INVALID_ARGUMENT", message: "API key not valid." } }, null],
  [404, openai(null), null],
  [401, openai("invalid_api_key"), null],
  [500, openai("context_length_exceeded"), null],
] as const)("HTTP %i with %j is a fault of the request: %s", (status, body, fault) => {
  expect(failureOfStatus(status, new Headers(), JSON.stringify(body)).fault).toBe(fault);
});

it.each([
  [401, openai("invalid_api_key", "Incorrect API key sk-1"), /^HTTP 401 invalid_api_key: check the bidder's secret/],
  [403, {}, /^HTTP 403: check the bidder's secret/],
  [404, openai("model_not_found", "no secret-model"), /^HTTP 404 model_not_found: check the bidder's model name/],
  [404, "404 page not found", /^HTTP 404: .* base URL ends as its server wants \(most: \/v1\)$/],
  [400, openai("model_not_found"), /^HTTP 400 model_not_found: check the bidder's model name/],
  [403, { error: { code: "egress_refused" } }, /^HTTP 403 egress_refused$/],
  [500, openai(null), /^HTTP 500 invalid_request_error$/],
] as const)("HTTP %i with %j says what to check, in our words only", (status, body, words) => {
  const { message } = failureOfStatus(status, new Headers(), JSON.stringify(body));
  expect(message).toMatch(words);
  expect(message).not.toMatch(/sk-1|secret-model|page not found/);
});
