import { describe, expect, it } from "vitest";
import { interval, reliability } from "../../src/dashboard/plots.js";

/** As much of an element as a drawing is made of. */
class Drawn {
  readonly tag: string;
  readonly attributes: Record<string, string> = {};
  readonly children: Drawn[] = [];
  constructor(tag: string) {
    this.tag = tag;
  }
  setAttribute(name: string, value: string): void {
    this.attributes[name] = value;
  }
  append(...children: Drawn[]): void {
    this.children.push(...children);
  }
  number(name: string): number {
    return Number(this.attributes[name]);
  }
}

const drawn = (element: unknown): Drawn => element as Drawn;
const ofClass = (element: Drawn, name: string): Drawn[] =>
  element.children.filter(({ attributes }) => attributes.class === name);

Object.assign(globalThis, { document: { createElementNS: (_: string, tag: string) => new Drawn(tag) } });

describe("an interval", () => {
  it("has its mean between its bounds, and both on the rail", () => {
    const known = drawn(interval({ low: 0.2, mean: 0.5, high: 0.9 }, "20 % to 90 %"));
    const [rail, bounds, mean] = ["rail", "bounds", "mean"].map((name) => ofClass(known, name)[0] as Drawn);
    const [from, to] = [rail?.number("x1") ?? 0, rail?.number("x2") ?? 0];
    const at = (p: number) => from + p * (to - from);
    expect(bounds?.number("x1")).toBeCloseTo(at(0.2));
    expect(mean?.number("cx")).toBeCloseTo(at(0.5));
    expect(bounds?.number("x2")).toBeCloseTo(at(0.9));
    expect(to).toBeLessThanOrEqual(known.number("width"));
    expect(known.attributes["aria-label"]).toBe("20 % to 90 %");
  });
});

describe("a reliability diagram", () => {
  const diagram = drawn(
    reliability(
      [
        { said: 0.25, cameTrue: 0.25, n: 90 },
        { said: 0.75, cameTrue: 0, n: 10 },
      ],
      "words",
    ),
  );
  const [true_, false_] = ofClass(diagram, "mean") as [Drawn, Drawn];

  it("has what came true as said on the line, and what did not below it", () => {
    const line = ofClass(diagram, "rail")[0] as Drawn;
    const share = (dot: Drawn) => (dot.number("cx") - line.number("x1")) / (line.number("x2") - line.number("x1"));
    const onLine = (dot: Drawn) => line.number("y1") + share(dot) * (line.number("y2") - line.number("y1"));
    expect(share(true_)).toBeCloseTo(0.25);
    expect(true_.number("cy")).toBeCloseTo(onLine(true_));
    // Upwards is less on a screen.
    expect(false_.number("cy")).toBeGreaterThan(onLine(false_));
    expect(false_.number("cy")).toBeCloseTo(line.number("y1"));
  });

  it("says on its axes what they are, in the picture's bounds", () => {
    const texts = diagram.children.filter(({ tag }) => tag === "text");
    const words = texts.map(({ children }) => String(children[0]));
    expect(words.sort()).toEqual(["0", "0", "100 %", "100 %", "50", "50", "came true", "said"]);
    for (const text of texts) {
      expect(text.number("x")).toBeLessThan(diagram.number("width"));
      expect(text.number("y")).toBeLessThan(diagram.number("height"));
    }
  });

  it("has dots whose areas are shares of the claims", () => {
    expect((true_.number("r") / false_.number("r")) ** 2).toBeCloseTo(9);
  });
});
