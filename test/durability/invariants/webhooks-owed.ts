import { fold } from "../../../src/job/evolve.ts";
import { endTopic } from "../../../src/job/webhook-body.ts";
import type { Invariant } from "../evidence.ts";

/** Every topic is owed once and known to the log before it is sent; repeats have the same bytes; what is said to be delivered was. */
export const webhooksOwed: Invariant = ({ log, posts }) => {
  const job = fold(log);
  if (job === null || posts === null) return [];
  const breaches: string[] = [];
  const due = new Map<string, number>();
  const topics = new Set<string>();
  for (const event of log) {
    if (event.type !== "webhook-due") continue;
    const topic = JSON.stringify(event.about);
    if (due.has(event.id)) breaches.push(`message ${event.id} is owed twice`);
    if (topics.has(topic)) breaches.push(`${topic} is owed twice`);
    due.set(event.id, event.seq);
    topics.add(topic);
  }
  const bodies = new Map<string, string>();
  for (const post of posts) {
    const seq = due.get(post.id);
    if (seq === undefined) breaches.push(`${post.id} was sent and is not owed`);
    else if (post.logAt !== null && post.logAt < seq) breaches.push(`${post.id} was sent before it was owed`);
    if ((bodies.get(post.id) ?? post.body) !== post.body) breaches.push(`${post.id} was sent in two versions`);
    bodies.set(post.id, post.body);
  }
  if (job.request.webhook === undefined || job.status === "running") return breaches;
  const end = endTopic(job.status);
  if (!job.outbox.some((m) => m.about.topic === end)) breaches.push(`the job ended and ${end} is not owed`);
  for (const { id, state, attempts } of job.outbox) {
    if (state === "due") breaches.push(`message ${id} is still due`);
    const taken = posts.some((post) => post.id === id && post.taken);
    if (state === "delivered" && !taken) breaches.push(`the log says ${id} was delivered, and nobody got it`);
    if (state === "dead" && attempts === 0) breaches.push(`message ${id} was given up and never tried`);
  }
  return breaches;
};
