import type { Refusal } from "../error.ts";
import { checkSchema } from "../output/check-schema.ts";
import type { JobRequest } from "../plan/job-request.ts";

export const mostTools = 128;
/** Of names, descriptions and schemas together: they are sent with every attempt. */
const largestChars = 256 * 1024;
const namePattern = /^[A-Za-z0-9_-]{1,64}$/;

/** What is wrong with a request's tools, or with tools in such a request, naming the field; null: nothing. */
export function checkTools(
  request: Pick<JobRequest, "tools" | "plan" | "kind" | "strategy" | "labels">,
): Refusal | null {
  const { tools } = request;
  if (tools === undefined) return null;
  const { offered, choice } = tools;
  if (offered.length === 0) return refuse("tools", "there is no tool in it; offer one, or leave the field out");
  if (offered.length > mostTools) return refuse("tools", `there are more than ${mostTools}; offer fewer`);
  if (JSON.stringify(offered).length > largestChars)
    return refuse("tools", `they have more than ${largestChars} characters together; offer fewer`);
  const names = new Set<string>();
  for (const [i, { name, parameters }] of offered.entries()) {
    if (!namePattern.test(name)) return refuse(`tools[${i}].name`, "a tool's name is 1 to 64 letters, digits, _ and -");
    if (names.has(name)) return refuse(`tools[${i}].name`, `two tools are named ${name}; name them apart`);
    names.add(name);
    const wrong = checkSchema(parameters, `tools[${i}].parameters`);
    if (wrong !== null) return wrong;
    if (typeof parameters === "object" && (parameters.type ?? "object") !== "object")
      return refuse(`tools[${i}].parameters.type`, 'arguments are an object; say "object", or leave the type out');
  }
  if (typeof choice === "object" && !names.has(choice.name))
    return refuse("toolChoice", `no tool is named "${choice.name.slice(0, 64)}"`);
  if (request.plan !== "single") return refuse("tools", "only a job of one microtask may call; leave the plan out");
  if (request.kind !== "answer") return refuse("tools", `only kind "answer" may call, not "${request.kind}"`);
  if (request.labels !== null)
    return refuse("tools", "a choice of labels is not answered by a call; leave the tools or the labels out");
  if (request.strategy === "fusion") return refuse("strategy", "calls cannot be merged; choose another strategy");
  return null;
}

const refuse = (field: string, message: string): Refusal => ({ code: "invalid-request", field, message });
