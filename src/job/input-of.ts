import { conversationText } from "../plan/conversation-text.ts";
import { jobText } from "../plan/job-request.ts";
import type { Microtask } from "../plan/microtask.ts";
import { resolveInput } from "../plan/resolve-input.ts";
import { acceptedText } from "./accepted-text.ts";
import type { Job } from "./job.ts";

/** The text a microtask of a job is about, with the results that are there. */
export function inputOf(job: Job, task: Microtask): string {
  const { input } = job.request;
  // Who splits a conversation, or does a part of what it asks for, is told of all of it.
  const split = job.planSource === "planner" || job.planSource === "caller";
  const told = input.type === "messages" && input.messages.length > 1 && split;
  const results = new Map(
    job.microtasks.flatMap((m) => (m.joined === null ? [] : [[m.task.id, acceptedText(m.joined)] as const])),
  );
  const text = jobText(input);
  return resolveInput(task, { text, whole: told ? conversationText(input.messages) : text }, results);
}
