import { z } from "zod";
import { contractSchema, criterionSchema, expressionSchema } from "../../plan/contract.ts";
import { jobBody } from "../native/job-body.ts";
import { anthropicProblem, openaiProblem, problem } from "./answer-bodies.ts";
import type { Answer, Operation } from "./operation.ts";
import { operations } from "./operations.ts";

const inSchemas = (name: string): string => `#/components/schemas/${name}`;
const refTo = (name: string): object => ({ $ref: inSchemas(name) });

/**
 * The API as OpenAPI 3.1, made of the schemas that parse its bodies: what the document says is what is checked.
 * `bidderBody`: what `PUT /v1/bidders/{id}` takes.
 */
export function openapiDocument(bidderBody: z.ZodType): object {
  const { asked, told } = namedSchemas(bidderBody);
  const paths: Record<string, Record<string, object>> = {};
  for (const operation of operations) {
    const { path, method } = operation;
    paths[path] = { ...paths[path], [method]: operationObject(operation) };
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Atomic",
      version: "1",
      description:
        "Every piece of an LLM job is put to auction: models bid, stream, are judged while they stream, and are settled against what happened.",
      license: { name: "MIT", identifier: "MIT" },
    },
    servers: [{ url: "/" }],
    security: [{ key: [] }, { apiKey: [] }],
    tags: ["jobs", "market", "money", "access", "openai", "anthropic"].map((name) => ({ name })),
    paths,
    components: {
      securitySchemes: {
        key: { type: "http", scheme: "bearer", description: keySays },
        apiKey: {
          type: "apiKey",
          in: "header",
          name: "x-api-key",
          description: "The same key, as Anthropic's clients send it.",
        },
      },
      schemas: { ...schemasOf(asked, "input"), ...schemasOf(told, "output") },
    },
  };
}

const keySays =
  "A tenant's key, or the operator's. One of scope read may GET all but the webhook secret, and preview auctions; else 403.";

type Names = ReturnType<typeof z.registry<{ id: string }>>;

/** Schemas by their names: what is asked is told as it is sent, what is answered as it comes. */
function namedSchemas(bidderBody: z.ZodType): { asked: Names; told: Names } {
  const asked: Names = z.registry<{ id: string }>();
  const told: Names = z.registry<{ id: string }>();
  const add = (names: Names, schema: z.ZodType, id: string) => {
    if (!names.has(schema)) names.add(schema, { id });
  };
  add(asked, jobBody, "JobRequest");
  add(asked, contractSchema, "Contract");
  add(asked, criterionSchema, "Criterion");
  add(asked, expressionSchema, "Expression");
  add(asked, bidderBody, "Bidder");
  add(told, problem, "Problem");
  add(told, openaiProblem, "OpenAIError");
  add(told, anthropicProblem, "AnthropicError");
  for (const { body, answers } of operations) {
    if (typeof body === "object") add(asked, body.schema, body.name);
    for (const { schema, name } of Object.values(answers))
      if (schema !== undefined && name !== undefined) add(told, schema, name);
  }
  return { asked, told };
}

function schemasOf(names: Names, io: "input" | "output"): Record<string, object> {
  const { schemas } = z.toJSONSchema(names, { uri: inSchemas, io, unrepresentable: "any" });
  return Object.fromEntries(
    Object.entries(schemas).map(([name, { $schema: _, $id: __, ...schema }]) => [name, schema]),
  );
}

function operationObject(operation: Operation): object {
  const { path, method, tag, summary, operator, body, query = {}, headers = {}, answers } = operation;
  const parameters = [
    ...[...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
      name,
      in: "path",
      required: true,
      schema: { type: "string" },
    })),
    ...Object.entries(query).map(([name, says]) => parameter(name, "query", says)),
    ...Object.entries(headers).map(([name, says]) => parameter(name, "header", says)),
  ];
  return {
    operationId: nameOf(method, path),
    tags: [tag],
    summary,
    ...(operator ? { description: "The operator's key is needed." } : {}),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined ? {} : { requestBody: requestBody(body) }),
    responses: {
      ...Object.fromEntries(Object.entries(answers).map(([status, answer]) => [status, responseObject(answer)])),
      default: errorObject(tag),
    },
  };
}

const parameter = (name: string, place: "query" | "header", says: string): object => ({
  name,
  in: place,
  description: says,
  schema: { type: "string" },
});

/** postV1JobsIdCancel */
const nameOf = (method: string, path: string): string =>
  method + [...path.matchAll(/[A-Za-z0-9]+/g)].map(([word]) => word[0]?.toUpperCase() + word.slice(1)).join("");

function requestBody(body: NonNullable<Operation["body"]>): object {
  const name = body === "bidder" ? "Bidder" : body === "mail-or-job" ? "JobRequest" : body.name;
  const content: Record<string, object> = { "application/json": { schema: refTo(name) } };
  if (body === "mail-or-job") content["message/rfc822"] = { schema: { type: "string", format: "binary" } };
  return { required: true, content };
}

function responseObject({ says, name, type = "application/json" }: Answer): object {
  if (type === "") return { description: says };
  const schema =
    type !== "application/json" ? { type: "string" } : name === undefined ? { type: "object" } : refTo(name);
  return { description: says, content: { [type]: { schema } } };
}

const errorObject = (tag: Operation["tag"]): object => ({
  description: "What is wrong, of which field, and what to do.",
  content:
    tag === "openai" || tag === "anthropic"
      ? { "application/json": { schema: refTo(tag === "openai" ? "OpenAIError" : "AnthropicError") } }
      : { "application/problem+json": { schema: refTo("Problem") } },
});
