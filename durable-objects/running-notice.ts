import type { JobRun } from "../src/engine/run-job.ts";
import type { TenantLink } from "./tenant-link.ts";

const mostTries = 5;
const firstRetryMs = 1_000;

/** Tells the tenant's object that a job runs, for lists and for the money it holds. Nothing waits for it. */
export class RunningNotice {
  readonly #tenant: TenantLink;
  readonly #keepAlive: (work: Promise<unknown>) => void;
  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor(tenant: TenantLink, keepAlive: (work: Promise<unknown>) => void) {
    this.#tenant = tenant;
    this.#keepAlive = keepAlive;
  }

  give(run: JobRun, again = 0): void {
    if (again === 0) run.keepWhatIsNeeded();
    const { leasedNano } = run.job;
    const told = this.#tenant.begin(run.job).then(
      (heldNano) => run.holds(leasedNano, heldNano),
      () => {
        if (again < mostTries && !run.finished) setTimeout(() => this.give(run, again + 1), firstRetryMs * 2 ** again);
      },
    );
    this.#keepAlive(told);
  }

  /** Unless it ends before, or another run took its place. */
  giveLater(run: JobRun, isCurrent: () => boolean, ms: number): void {
    this.#timer = setTimeout(() => {
      if (isCurrent() && run.job.status === "running") this.give(run);
    }, ms);
  }

  /** A timer would keep the object awake. */
  spare(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
  }
}
