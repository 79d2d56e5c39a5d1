import { AtomicError } from "../error.ts";
import { attemptOf, evolve, fold } from "../job/evolve.ts";
import type { Job } from "../job/job.ts";
import type { JobEvent, LifeEvent, LoggedEvent } from "../job/job-event.ts";
import type { NanoUsd } from "../money/nano-usd.ts";
import { assembleAnswer } from "./answer.ts";
import { cutAttempt, startAttempt, startReask } from "./attempts.ts";
import { holdAuction } from "./auction.ts";
import { committedNano, giveBackUnused } from "./funds.ts";
import { startFusion } from "./fusion.ts";
import { acceptAttempt, giveUp } from "./join.ts";
import { startJudging } from "./judging.ts";
import type { LiveAttempt } from "./live-attempt.ts";
import { type ActiveRaceStep, isSettled, nextSteps, type Step } from "./next-steps.ts";
import { deliverMessage, owedTopic } from "./outbox.ts";
import { adoptPlan, makePlan } from "./planning.ts";
import type { EnginePorts } from "./ports.ts";
import { commitAttempt } from "./prefix-bet.ts";
import type { Run } from "./run.ts";
import { isRefused, prepareSettlement, sendSettlement } from "./settle.ts";
import { startAudit } from "./start-audit.ts";
import { askingNobody, orDeadline, withoutMarket } from "./without-market.ts";
import { writeOff } from "./write-off.ts";

/** A loop that records nothing new is a defect; it must end as one, not as a hung object. */
const maxRounds = 1_000;
/** No timer is set for longer, ms. */
const longestTimerMs = 30_000;
/** A slice that is needed to this share is kept whole: giving the rest back costs a row. */
const keptShare = 0.75;

/**
 * Runs one job: state -> next steps -> effects -> events -> state, until nothing is left to do. Everything it must not
 * forget is in the log; a new JobRun on the same log goes on where the last one was killed.
 */
export class JobRun implements Run {
  readonly ports: EnginePorts;
  readonly live = new Map<string, LiveAttempt>();
  asking = false;
  lentMore = false;
  uncappedAtMs = 0;
  readonly delivering = new Set<string>();
  #job: Job | null;
  #turning = false;
  #again = false;
  #stopped = false;
  #unwake: (() => void) | null = null;
  /** When the timer behind `#unwake` fires, epoch ms. */
  #wakesAtMs = 0;
  /** This process wrote its epoch into the log: older ones are refused from then on. */
  #raised: boolean;

  /** `log`: the job's events so far, oldest first; empty for a new job. */
  constructor(log: Iterable<LoggedEvent>, ports: EnginePorts) {
    this.ports = ports;
    this.#job = fold(log);
    this.#raised = this.#job === null;
  }

  /** The folded job. Throws before `accept`. */
  get job(): Job {
    if (this.#job === null) throw new Error("The job has no events yet.");
    return this.#job;
  }

  get accepted(): boolean {
    return this.#job !== null;
  }

  /** Nothing will happen any more: ended, settled, and no attempt is open. */
  get finished(): boolean {
    return (
      this.#job !== null &&
      this.#job.status !== "running" &&
      nextSteps(this.#job, this.live, this.ports.nowMs(), this.ports).length === 0 &&
      this.live.size === 0
    );
  }

  /**
   * Nobody who reads along waits for what may still come: the job has ended and its log is whole but for deliveries, or
   * for an audit or a settlement that the queue refused. Those may take minutes; who comes back later reads them.
   */
  get over(): boolean {
    const job = this.#job;
    if (job === null || job.status === "running") return false;
    if (this.live.size > 0) return [...this.live.keys()].every((id) => (attemptOf(job, id)?.audits ?? null) !== null);
    if (isRefused(this)) return true;
    return isSettled(job);
  }

  /** Nothing is to come but repeats of messages that their receiver has not taken: for days, while it is down. */
  get onlyRepeats(): boolean {
    const job = this.#job;
    if (job === null || job.status === "running" || this.live.size > 0 || this.delivering.size > 0) return false;
    return isSettled(job) && owedTopic(job) === null && job.outbox.every((m) => m.state !== "due" || m.attempts > 0);
  }

  /** First event of a new job. The log holds it when this returns. */
  accept(event: LifeEvent & { type: "job-accepted" }): void {
    this.record(event);
    if (this.#stopped) throw new AtomicError("internal", "The job could not be written down. Try again.");
    // Its Worker asked before it made the job.
    this.uncappedAtMs = this.job.acceptedAtMs - 1;
    this.turn();
  }

  /**
   * After a restart: goes on from the log. The epoch is raised, which orphans what was running, before anything is
   * done; where there is nothing to do, nothing is written, so that looking at a job that waits costs it nothing.
   */
  resume(): void {
    this.ports.fleet.forget(this.job.id);
    if (this.job.microtasks.some((m) => m.attempts.some((a) => a.status === "running"))) this.#raise();
    this.turn();
  }

  /** Keeps only what the opening attempts may cost of what a Worker gave for whoever would win. */
  keepWhatIsNeeded(): void {
    const { leasedNano, slice, status } = this.job;
    if (leasedNano === null || slice === null || leasedNano !== slice.nano || status !== "running") return;
    const totalNano = committedNano(this.job);
    if (totalNano > leasedNano * keptShare || totalNano === 0) return;
    this.record({ type: "budget-leased", totalNano, askedNano: totalNano, shortage: null });
  }

  /**
   * The tenant's budget was told of `toldNano` and says what the job holds. It is less when the job began so late that
   * its slice was lent to others meanwhile: then nothing more is started on it before the budget has lent more. It is
   * more when a process died before it could say what it gave back: a job that waits says it again.
   */
  holds(toldNano: NanoUsd | null, heldNano: NanoUsd | null): void {
    const { leasedNano, status } = this.job;
    // What was lent meanwhile is newer than this answer.
    if (leasedNano === null || leasedNano !== toldNano || this.asking || status !== "running") return;
    if (heldNano === null || heldNano === leasedNano) return;
    this.lentMore = heldNano > leasedNano;
    if (!this.lentMore)
      this.record({ type: "budget-leased", totalNano: heldNano, askedNano: leasedNano, shortage: null });
    this.turn();
  }

  /** When there is next something to do: epoch ms, null: nothing before it is asked; "now" while anything is live. */
  get idleUntilMs(): number | null | "now" {
    if (this.#job === null || this.#stopped || this.live.size > 0 || this.asking || this.delivering.size > 0)
      return "now";
    const [step, ...rest] = this.#next();
    if (step === undefined) return null;
    return step.do === "wait" && rest.length === 0 ? step.untilMs : "now";
  }

  /** The market is not known, and there may be something to decide. */
  get waitsForMarket(): boolean {
    return !this.job.madeUp && this.ports.marketKnown?.() === false;
  }

  cancel(by: "client" | "disconnect" | "operator"): void {
    if (this.job.status !== "running" || this.job.cancelRequested) return;
    this.record({ type: "cancel-requested", by });
    this.turn();
  }

  /** Stops effects without a word in the log, as a crash does. */
  stop(): void {
    this.#stopped = true;
    this.#unwake?.();
    for (const attempt of this.live.values()) {
      attempt.flush?.();
      attempt.abort.abort("stopped");
    }
    this.live.clear();
  }

  get stopped(): boolean {
    return this.#stopped;
  }

  record(...events: JobEvent[]): void {
    if (this.#stopped || events.length === 0) return;
    const { epoch = 1, seq = 0 } = this.#job ?? {};
    const raise: JobEvent[] = this.#raised ? [] : [{ type: "epoch-started", epoch: epoch + 1 }];
    this.#write([...raise, ...events], seq, epoch + raise.length);
  }

  #raise(): void {
    if (this.#raised || this.#stopped) return;
    this.#write([{ type: "epoch-started", epoch: this.job.epoch + 1 }], this.job.seq, this.job.epoch + 1);
  }

  #write(events: JobEvent[], after: number, epoch: number): void {
    const atMs = this.ports.nowMs();
    const logged: LoggedEvent[] = events.map((event, i) => ({ ...event, seq: after + 1 + i, atMs }));
    try {
      this.ports.append(logged, epoch);
    } catch (error) {
      return this.#break(error);
    }
    this.#raised = true;
    for (const event of logged) this.#job = evolve(this.#job, event);
    this.ports.committed(logged);
  }

  turn(): void {
    this.#again = true;
    if (this.#turning) return;
    this.#turning = true;
    try {
      for (let round = 0; this.#again && !this.#stopped; round++) {
        if (round > maxRounds) throw new Error("The engine makes no progress.");
        this.#again = false;
        this.#perform(this.#next());
      }
    } catch (error) {
      this.#break(error);
    } finally {
      this.#turning = false;
    }
  }

  #next(): Step[] {
    const { job, live, ports } = this;
    const { deadlineMs } = job.request;
    const deadlineAtMs = deadlineMs === null || job.status !== "running" ? null : job.acceptedAtMs + deadlineMs;
    if (!this.waitsForMarket) {
      const steps = nextSteps(job, live, ports.nowMs(), ports);
      // A job may have run or waited for long: who was switched off meanwhile is not to be asked. All else goes on.
      const others = askingNobody(steps);
      const asksNobody = others.length === steps.length && others.every((step, i) => step === steps[i]);
      return asksNobody || (ports.marketFresh?.() ?? true) ? steps : orDeadline(others, deadlineAtMs);
    }
    return orDeadline(withoutMarket(nextSteps(job, live, ports.nowMs())), deadlineAtMs);
  }

  /** Nothing may happen that the log does not know of: all effects stop, and the next boot goes on from the log. */
  #break(error: unknown): void {
    this.stop();
    this.ports.broken(error);
  }

  #perform(steps: Step[]): void {
    const wait = steps.find((s) => s.do === "wait");
    this.#wakeAt(wait?.do === "wait" ? wait.untilMs : null);
    if (!this.#raised && steps.some((s) => s.do !== "wait")) {
      this.#raise();
      this.#again = true;
      return;
    }
    for (const step of steps) {
      if (step.do === "wait" || this.#stopped) continue;
      const before = this.job.seq;
      const live = this.live.size;
      this.#do(step);
      if (this.job.seq !== before || this.live.size !== live) this.#again = true;
      // The state moved: what else was said of it may no longer hold.
      if (this.#again && step.do !== "cut") return;
    }
    // The budget may have been asked for more when the wait began, or did not hear: then nothing was given back yet.
    if (wait !== undefined && this.#onlyWaits) giveBackUnused(this);
  }

  /** Nothing is live, and what is undone waits for a person or a time. */
  get #onlyWaits(): boolean {
    const { microtasks, status } = this.job;
    if (this.live.size > 0 || status !== "running") return false;
    return microtasks.some((m) => m.status === "waiting") && microtasks.every((m) => m.status !== "open");
  }

  #do(step: Step): void {
    switch (step.do) {
      case "plan":
        return makePlan(this);
      case "adopt-plan":
        return adoptPlan(this, step.value);
      case "auction":
        return holdAuction(this, step.microtask);
      case "race":
        for (const one of step.steps) this.#race(step.microtask, one);
        return;
      case "reask":
        return startReask(this, step.microtask, step.attempt);
      case "cut":
        return cutAttempt(this, step.attempt, step.why);
      case "begin-wait":
        this.record({ type: "microtask-waiting", microtask: step.microtask, wait: step.wait });
        return giveBackUnused(this);
      case "owe-webhook": {
        const id = `msg_${this.job.id}_${this.job.outbox.length + 1}`;
        return this.record({ type: "webhook-due", id, about: step.about });
      }
      case "deliver":
        return deliverMessage(this, step.message);
      case "fail-microtask":
        return this.record({
          type: "microtask-failed",
          microtask: step.microtask,
          code: step.code,
          message: step.message,
        });
      case "finish":
        return assembleAnswer(this);
      case "end-failed":
        return this.record({
          type: "job-ended",
          status: step.refusal.code === "parked" ? "parked" : "failed",
          error: step.refusal,
        });
      case "end-cancelled":
        return this.record({ type: "job-ended", status: "cancelled" });
      case "audit-judge":
        return startAudit(this, step.microtask, step.attempt);
      case "prepare-settlement":
        return prepareSettlement(this);
      case "send-settlement":
        return sendSettlement(this);
      case "wait":
        return;
    }
  }

  #race(microtask: string, step: ActiveRaceStep): void {
    switch (step.step) {
      case "start":
        return startAttempt(this, microtask, step.place, step.why, step.extra);
      case "cancel":
        if (step.why === "rejected-on-prefix" && !writeOff(this, microtask, step.attempt)) return;
        return cutAttempt(this, step.attempt, step.why);
      case "commit":
        return commitAttempt(this, microtask, step.attempt, step.why);
      case "judge":
        return startJudging(this, microtask, step.attempts, step.on);
      case "fuse":
        return startFusion(this, microtask, step.attempts);
      case "accept":
        return acceptAttempt(this, microtask, step.attempt, step.how);
      case "give-up":
        return giveUp(this, microtask, step.why);
    }
  }

  /**
   * One timer, which may fire early: it looks again then. Moving it with each step of a race would cost more than that.
   */
  #wakeAt(untilMs: number | null): void {
    const { ports } = this;
    const dueMs = untilMs === null ? null : Math.max(0, untilMs - ports.nowMs());
    // A timer keeps an object awake, and holds 24 days at most: where nothing is live, the shell's alarm does it.
    const alarmed = dueMs !== null && dueMs > longestTimerMs && this.live.size === 0;
    if (dueMs === null || alarmed) {
      this.#unwake?.();
      this.#unwake = null;
      return;
    }
    const firesAtMs = ports.nowMs() + Math.min(longestTimerMs, dueMs);
    if (this.#unwake !== null && this.#wakesAtMs <= firesAtMs) return;
    this.#unwake?.();
    this.#wakesAtMs = firesAtMs;
    this.#unwake = ports.after(firesAtMs - ports.nowMs(), () => {
      this.#unwake = null;
      this.turn();
    });
  }
}
