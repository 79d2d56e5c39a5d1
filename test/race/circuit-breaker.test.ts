import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { circuitCallEnded, circuitCallStarted, newCircuit, viewCircuit } from "../../src/race/circuit-breaker.ts";

const failTimes = (count: number, fromMs = 0, circuit = newCircuit(fromMs)) => {
  for (let call = 0; call < count; call++) circuitCallEnded(circuit, "server-error", fromMs);
  return circuit;
};

describe("circuit breaker", () => {
  it("opens after four failures, lets one probe through, and closes after two that pass", () => {
    expect(viewCircuit(failTimes(3), 0).state).toBe("closed");
    const circuit = failTimes(4);
    expect(viewCircuit(circuit, 14_999)).toMatchObject({ state: "open", untilMs: 15_000 });
    expect(viewCircuit(circuit, 15_000).state).toBe("half-open");
    circuitCallStarted(circuit, 15_000);
    expect(viewCircuit(circuit, 15_001).state).toBe("open");
    circuitCallEnded(circuit, null, 16_000);
    expect(viewCircuit(circuit, 16_000).state).toBe("half-open");
    circuitCallStarted(circuit, 16_000);
    circuitCallEnded(circuit, null, 17_000);
    expect(viewCircuit(circuit, 17_000).state).toBe("closed");
  });

  it("opens for longer each time it fails its probe, up to 15 minutes", () => {
    const circuit = failTimes(4);
    const opened: number[] = [];
    for (let probe = 0; probe < 12; probe++) {
      const atMs = circuit.openUntilMs ?? 0;
      circuitCallStarted(circuit, atMs);
      circuitCallEnded(circuit, "overloaded", atMs);
      opened.push((circuit.openUntilMs ?? 0) - atMs);
    }
    expect(opened.slice(0, 4)).toEqual([30_000, 60_000, 120_000, 240_000]);
    expect(Math.max(...opened)).toBe(15 * 60_000);
    expect(opened.slice(-5)).toEqual(Array.from({ length: 5 }, () => 15 * 60_000));
  });

  it("forgets the longest outage within an hour after its end, and opens for seconds again", () => {
    const circuit = failTimes(4);
    const probe = (failure: "overloaded" | null) => {
      const atMs = Math.max(circuit.openUntilMs ?? 0, circuit.atMs + 1);
      circuitCallStarted(circuit, atMs);
      circuitCallEnded(circuit, failure, atMs);
    };
    for (let count = 0; count < 40; count++) probe("overloaded");
    probe(null);
    probe(null);
    const closedMs = circuit.atMs;
    expect(viewCircuit(circuit, closedMs).state).toBe("closed");
    const soon = failTimes(2, closedMs + 15 * 60_000, structuredClone(circuit));
    expect(viewCircuit(soon, closedMs + 15 * 60_000).state).toBe("open");
    const late = failTimes(4, closedMs + 60 * 60_000, structuredClone(circuit));
    expect((late.openUntilMs ?? 0) - closedMs - 60 * 60_000).toBe(15_000);
  });

  it("remembers an outage for a quarter of an hour, and has forgotten it after an hour", () => {
    const heal = () => {
      const circuit = failTimes(4);
      for (const atMs of [20_000, 21_000]) {
        circuitCallStarted(circuit, atMs);
        circuitCallEnded(circuit, null, atMs);
      }
      return circuit;
    };
    const soon = failTimes(2, 12 * 60_000, heal());
    expect(viewCircuit(soon, 12 * 60_000).state).toBe("open");
    const late = failTimes(2, 60 * 60_000, heal());
    expect(viewCircuit(late, 60 * 60_000).state).toBe("closed");
  });

  it("does not count what is the request's own fault, nor 429s", () => {
    const circuit = newCircuit(0);
    for (const reason of ["rate-limited", "client-error", "refused", "content-filter", "too-large"] as const) {
      for (let call = 0; call < 10; call++) circuitCallEnded(circuit, reason, 0);
    }
    expect(viewCircuit(circuit, 0).state).toBe("closed");
  });

  it("is plain JSON and never opens while more than half of the calls are good", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 20_000 }), { minLength: 1, maxLength: 60 }), (gaps) => {
        let circuit = newCircuit(0);
        let nowMs = 0;
        for (const [call, gapMs] of gaps.entries()) {
          nowMs += gapMs;
          circuitCallEnded(circuit, null, nowMs);
          circuitCallEnded(circuit, call % 2 === 0 ? "server-error" : null, nowMs);
          circuit = JSON.parse(JSON.stringify(circuit));
          expect(viewCircuit(circuit, nowMs).state).toBe("closed");
        }
      }),
    );
  });
});
