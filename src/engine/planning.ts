import type { Plan } from "../plan/microtask.ts";
import { plannerTask, readPlanned } from "../plan/planner.ts";
import { contractOf, emailTriagePlan, mapReducePlan, singlePlan } from "../plan/templates.ts";
import { validatePlan } from "../plan/validate-plan.ts";
import type { Run } from "./run.ts";

/** Turns the request into microtasks: a built-in plan, the caller's own, or first a microtask that plans. */
export function makePlan(run: Run): void {
  const { request } = run.job;
  if (request.plan === "auto") {
    const canPlan = run.ports.market().bidders.some((b) => b.enabled && b.serves === "generative");
    if (!canPlan)
      return adopt(run, singlePlan(request), "No generative bidder could plan, so the request is one microtask.");
    const task = plannerTask(request);
    run.record({
      type: "microtasks-planned",
      stage: "planning",
      plan: {
        source: "planner",
        microtasks: [{ ...task, required: false }],
        assembly: { type: "single", of: task.id },
      },
      why: "The caller asked for a planner; planning is put to auction like any microtask.",
    });
    return;
  }
  if (typeof request.plan === "object")
    return adopt(run, { ...request.plan, source: "caller" }, "The caller gave the plan.");
  if (request.plan === "email-triage")
    return adopt(run, emailTriagePlan(request), "E-mail triage: one view of the mail a microtask.");
  if (request.plan === "map-reduce")
    return adopt(run, mapReducePlan(request), "A long text: pieces are summarised, then joined.");
  adopt(run, singlePlan(request), "The request is one microtask.");
}

/** The planner's microtask ended: its plan if it is a valid one, else the plain one, and why. */
export function adoptPlan(run: Run, value: unknown): void {
  const plan = value === undefined ? null : readPlanned(value, run.job.request);
  if (plan !== null && "microtasks" in plan) return adopt(run, plan, "The planner's plan was accepted.");
  adopt(
    run,
    singlePlan(run.job.request),
    plan === null ? "The planner gave no plan, so the request is one microtask." : plan.message,
  );
}

function adopt(run: Run, plan: Plan, why: string): void {
  const refusal = validatePlan(plan);
  if (refusal !== null)
    return run.record({ type: "job-ended", status: "failed", error: { code: refusal.code, message: refusal.message } });
  const microtasks = plan.microtasks.map((task) => ({
    ...task,
    contract: contractOf(task.kind, task.labels ?? null, task.contract),
  }));
  run.record({ type: "microtasks-planned", stage: "work", plan: { ...plan, microtasks }, why });
}
