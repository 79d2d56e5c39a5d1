import type { Delivery } from "../../src/engine/ports.ts";
import type { Post } from "./evidence.ts";
import type { Seeded } from "./seeded.ts";

/** What a wire and an object give a receiver to live in. */
interface Wire {
  /** On its way whether or not its sender lives on. */
  there(ms: number, then: () => void): void;
  /** Reaches only a sender that lives. */
  back(ms: number, then: () => void): void;
  logEnd(): number;
}

/** A webhook's receiver: takes what comes, fails, answers and is not heard, or wants no more. */
export class ChaosReceiver {
  readonly posts: Post[] = [];
  readonly #random: Seeded;

  constructor(random: Seeded) {
    this.#random = random;
  }

  post(id: string, body: string, wire: Wire): Promise<Delivery> {
    const fate = this.#random.next();
    const [thereMs, backMs] = [this.#random.int(1, 400), this.#random.int(1, 400)];
    const failed = (reason: string, status: number | null): Delivery => ({
      ok: false,
      status,
      reason,
      gone: status === 410,
    });
    return new Promise((resolve, reject) => {
      wire.there(thereMs, () => {
        const taken = fate < 0.75;
        if (fate < 0.95) this.posts.push({ id, body, taken, logAt: wire.logEnd() });
        wire.back(backMs, () => {
          if (fate < 0.65) return resolve({ ok: true, status: 204 });
          if (fate < 0.75) return resolve(failed("no answer", null));
          if (fate < 0.78) return resolve(failed("gone", 410));
          if (fate < 0.95) return resolve(failed("down", 500));
          reject(new Error("the delivery broke"));
        });
      });
    });
  }
}
