/** A bug put into production source: the text it replaces stands there exactly once, or the run fails. */
export interface Mutant {
  name: string;
  file: string;
  find: string;
  replace: string;
  /** Who must notice: the chaos part, or a test file. */
  caughtBy: "chaos" | `test/${string}.test.ts`;
  /** It may show as a test that never ends; of any other bug that is no proof. */
  hangs?: boolean;
}

export const mutants: Mutant[] = [
  {
    name: "drop the epoch check",
    file: "src/job/append-rule.ts",
    find: "if (end !== null && epoch < end.epoch)",
    replace: "if (end !== null && epoch < 0)",
    caughtBy: "test/job/append-rule.test.ts",
  },
  {
    name: "append wherever the log is",
    file: "src/job/append-rule.ts",
    find: "if (first.seq !== next)",
    replace: "if (first.seq < 0)",
    caughtBy: "test/job/append-rule.test.ts",
  },
  {
    name: "act first, write later",
    file: "src/engine/run-job.ts",
    find: "      this.ports.append(logged, epoch);",
    replace: "      this.ports.after(0, () => this.ports.append(logged, epoch));",
    caughtBy: "chaos",
  },
  {
    name: "abort losers before the commit is written",
    file: "src/race/race-steps.ts",
    find: 'steps.push({ step: "commit", attempt: leader, why: "all criteria that a prefix can decide hold" });\n      steps.push(...cutLosers(state, leader, "committed-other"));',
    replace:
      'steps.push(...cutLosers(state, leader, "committed-other"));\n      steps.push({ step: "commit", attempt: leader, why: "all criteria that a prefix can decide hold" });',
    caughtBy: "chaos",
  },
  {
    name: "leave the attempts of the dead running",
    file: "src/job/evolve.ts",
    find: 'if (attempt.status !== "running" || attempt.epoch >= epoch) continue;',
    replace: 'if (attempt.status !== "running" || attempt.epoch >= 1) continue;',
    caughtBy: "chaos",
  },
  {
    name: "boot without raising the epoch",
    file: "src/engine/run-job.ts",
    find: "    this.#raised = this.#job === null;",
    replace: "    this.#raised = true;",
    caughtBy: "chaos",
  },
  {
    name: "orphans cost nothing",
    file: "src/job/evolve.ts",
    find: 'end(job, attempt, "orphaned", atMs, attempt.reservedNano);',
    replace: 'end(job, attempt, "orphaned", atMs, 0);',
    caughtBy: "chaos",
  },
  {
    name: "settle anew at each try, instead of what the log says",
    file: "src/engine/settle.ts",
    find: "const due = (run.job.settlements ?? []).filter",
    replace: "const due = settlementsOf(run.job, run.ports.market(), run.ports.nowMs()).filter",
    caughtBy: "chaos",
  },
  {
    name: "write that a settlement was sent before it is",
    file: "src/engine/settle.ts",
    find: "  run.ports.settle(run.job, due).then(",
    replace: '  run.record({ type: "settlement-sent", keys });\n  run.ports.settle(run.job, due).then(',
    caughtBy: "chaos",
  },
  {
    name: "settle without a key",
    file: "src/store/settle-batch.ts",
    find: "return { keys: new Set(known.map((k) => k.key)),",
    replace: "return { keys: new Set<string>(),",
    caughtBy: "test/store/settle-batch.test.ts",
  },
  {
    name: "commit the rows of a transition one by one",
    file: "durable-objects/job-log.ts",
    find: "this.#storage.transactionSync(() => {\n      if (!isThere)",
    replace: "((write: () => void) => write())(() => {\n      if (!isThere)",
    caughtBy: "chaos",
  },
  {
    name: "forget to renew the alarm",
    file: "durable-objects/lease.ts",
    find: "this.#renew = setInterval(() => this.#set(Date.now() + leaseMs), renewMs);",
    replace: "this.#renew = setInterval(() => {}, renewMs);",
    caughtBy: "test/durable-objects/lease.test.ts",
  },
  {
    name: "go on renewing the alarm of an ended job",
    file: "durable-objects/lease.ts",
    find: "  rest(atMs: number): void {\n    if (this.#renew !== null) clearInterval(this.#renew);",
    replace: "  rest(atMs: number): void {",
    caughtBy: "test/durable-objects/lease.test.ts",
  },
  {
    name: "subscribe after the log was read",
    file: "durable-objects/event-stream.ts",
    find: "      this.#wanted = resolve;\n",
    replace: "      setTimeout(() => {\n        this.#wanted = resolve;\n      }, 1);\n",
    caughtBy: "chaos",
  },
  {
    name: "forget how far a reader is",
    file: "durable-objects/event-stream.ts",
    find: "    this.#last = page.last;",
    replace: "    this.#last = Math.min(this.#last, page.last);",
    caughtBy: "test/durable-objects/event-stream.test.ts",
  },
  {
    name: "log streamed text again",
    file: "src/engine/pump.ts",
    find: "  live.logged = live.text.length;",
    replace: "  live.logged = Math.max(0, live.text.length - 1);",
    caughtBy: "chaos",
  },
  {
    name: "change the leader without a word",
    file: "src/engine/leader.ts",
    find: "failedByPolicy(run.job)] : [changed] };",
    replace: "failedByPolicy(run.job)] : [] };",
    caughtBy: "chaos",
  },
  {
    name: "deliver again what an answer goes on from",
    file: "src/engine/attempts.ts",
    find: "logged: attempt.text.length,",
    replace: "logged: 0,",
    caughtBy: "test/engine/continuation.test.ts",
  },
  {
    name: "go on from text that a filter stopped",
    file: "src/engine/continuation.ts",
    find: 'new Set<FailureReason>(["content-filter", "refused"])',
    replace: "new Set<FailureReason>([])",
    caughtBy: "test/engine/continuation.test.ts",
  },
  {
    name: "run a job that kills its process for ever",
    file: "src/engine/next-steps.ts",
    find: "maxOrphanings = 3",
    replace: "maxOrphanings = 3000",
    caughtBy: "test/engine/run-job.test.ts",
  },
  {
    name: "ignore a cancel",
    file: "src/engine/next-steps.ts",
    find: 'if (job.cancelRequested) return [{ do: "end-cancelled" }];',
    replace: "",
    caughtBy: "chaos",
  },
  {
    name: "read events of newer code as if they were known",
    file: "src/job/log-version.ts",
    find: "if (version === logVersion) return event;",
    replace: "if (version >= logVersion) return event;",
    caughtBy: "test/job/append-rule.test.ts",
  },
  {
    name: "commit whatever the risk",
    file: "src/race/race-steps.ts",
    find: "    if ((racer.breakRisk ?? 0) > highestRisk) continue;\n",
    replace: "",
    caughtBy: "test/engine/commit-on-prefix.test.ts",
  },
  {
    name: "forget that a prefix broke when its racer was cut for it",
    file: "src/engine/prefix-bet.ts",
    find: 'const result = a.prefixVerdict?.result === "reject" ? "reject" : a.wholeVerdict?.result;',
    replace: "const result = a.wholeVerdict?.result;",
    caughtBy: "test/engine/commit-on-prefix.test.ts",
  },
  {
    name: "let an audit change the verdict it is about",
    file: "src/engine/judging.ts",
    find: "  if (judge.audits !== null) return auditReached(run, judge, text);\n",
    replace: "",
    caughtBy: "test/engine/judge-audit.test.ts",
  },
  {
    name: "charge a tenant for the operator's audits",
    file: "src/engine/settle.ts",
    find: "chargeNano: costNano - auditsNano }",
    replace: "chargeNano: costNano }",
    caughtBy: "test/engine/judge-audit.test.ts",
  },
  {
    name: "weigh all audits alike, however rarely they are drawn",
    file: "src/market/judge-audit.ts",
    find: "const weight = 1 / Math.max(leastShare, lesson.share);",
    replace: "const weight = 1;",
    caughtBy: "test/market/judge-audit.test.ts",
  },
  {
    name: "charge a tenant without a key",
    file: "src/money/tenant-ledger.ts",
    find: "const before = this.#rows.settled(job);",
    replace: "const before: SettledJob | null = this.#rows.settled(job) && null;",
    caughtBy: "test/money/tenant-ledger.test.ts",
  },
  {
    name: "lend a slice again whose purse was taken back",
    file: "src/money/tenant-ledger.ts",
    find: "const nano = Math.min(keepNano, most);",
    replace: "const nano = most < 0 ? most : keepNano;",
    caughtBy: "test/money/tenant-ledger.test.ts",
  },
  {
    name: "call a settlement taken before the queue has it",
    file: "durable-objects/settle-window.ts",
    find: "        await this.#effects.send(group.flatMap((one) => one.messages));\n        for (const one of group) one.resolve();",
    replace:
      "        for (const one of group) one.resolve();\n        await this.#effects.send(group.flatMap((one) => one.messages));",
    caughtBy: "test/durable-objects/settle-window.test.ts",
  },
  {
    name: "let one refused message hold up its group",
    file: "durable-objects/settle-window.ts",
    find: "const mostFailures = 3;",
    replace: "const mostFailures = 0;",
    caughtBy: "test/durable-objects/settle-window.test.ts",
  },
  {
    name: "let a webhook wait for audits and settlement",
    file: "src/engine/next-steps.ts",
    find: "steps.push(...post.steps, ...settling(job, scene));",
    replace: "const owed = settling(job, scene);\n  steps.push(...(owed.length > 0 ? owed : post.steps));",
    caughtBy: "test/engine/outbox.test.ts",
  },
  {
    name: "drop a reconciled cost as a repeat",
    file: "src/store/settle-batch.ts",
    find: "else if (revision > known) revised",
    replace: "else if (revision < known) revised",
    caughtBy: "test/store/settle-batch.test.ts",
  },
  {
    name: "write the prompt into the trace",
    file: "src/observe/otlp.ts",
    find: '"atomic.job.kind": job.request.kind,',
    replace: '"atomic.job.kind": JSON.stringify(job.request.input),',
    caughtBy: "chaos",
  },
];
