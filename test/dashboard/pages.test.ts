import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { clock, dayClock, inShort, nanoUsd, took, usd } from "../../src/dashboard/format.js";
import { dashboardAssets } from "../http/dashboard-assets.ts";
import { testServer } from "../http/memory-ports.ts";

const folder = new URL("../../src/dashboard/", import.meta.url);
const files = readdirSync(folder).map((name) => ({ name, text: readFileSync(new URL(name, folder), "utf8") }));

describe("the pages", () => {
  it("refer only to files of their own, which are served", async () => {
    const server = testServer({ local: true, operatorKey: null, assets: dashboardAssets });
    let checked = 0;
    for (const { name, text } of files) {
      const references = [...text.matchAll(/(?:src|href)="(\/[^"$?]*)"|from "\.(\/[^"]+)"/g)].map(
        (m) => m[1] ?? m[2] ?? "",
      );
      for (const path of references) {
        const response = await server.app.request(path);
        expect([name, path, response.status]).toEqual([name, path, 200]);
        expect(response.headers.get("content-security-policy")).toContain("default-src 'self'");
        checked++;
      }
    }
    expect(checked).toBeGreaterThan(15);
    expect((await server.app.request("/../package.json")).status).toBe(404);
  });

  it("load nothing from elsewhere, and put no text in as markup", () => {
    for (const { name, text } of files) {
      expect([name, text.match(/https?:\/\/(?!www\.w3\.org\/2000\/svg)\S+/)]).toEqual([name, null]);
      expect([
        name,
        text.match(/innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function| on\w+="| style="/),
      ]).toEqual([name, null]);
    }
  });

  it("are small", () => {
    expect(files.reduce((sum, { text }) => sum + text.length, 0)).toBeLessThan(55_000);
  });
});

describe("amounts and times", () => {
  it.each([
    [0, "$0"],
    [1.5, "$1.50"],
    [0.0000015, "$0.00000150"],
    [null, "–"],
  ])("%d USD is %s", (amount, text) => expect(usd(amount)).toBe(text));
  it("are short", () => {
    expect(nanoUsd(1500)).toBe("$0.00000150");
    expect([12, 1500, 61_000, 7_200_000, null].map(took)).toEqual(["12 ms", "1.50 s", "1 min 1 s", "2.0 h", "–"]);
  });
});

it("a row's time has its date only where the row above is of another day", () => {
  const noon = new Date(2026, 10, 28, 12, 2, 31).getTime();
  const time = new Date(noon).toLocaleTimeString();
  expect(dayClock(noon, noon + 3_600_000)).toBe(time);
  for (const told of [dayClock(noon), dayClock(noon, noon + 86_400_000)]) {
    expect(told).toContain("28");
    expect(told.endsWith(`, ${time}`)).toBe(true);
    expect(told.length).toBeLessThan(clock(noon).length + 3);
  }
});

describe("a list of jobs in a line", () => {
  const job = (status: string, costUsd: number, tookMs: number | null, savedUsd = 0) => ({
    status,
    costUsd,
    savedUsd,
    createdAtMs: 1000,
    endedAtMs: tookMs === null ? null : 1000 + tookMs,
  });
  it("counts, adds up and tells the median of those that ended", () => {
    const jobs = [
      job("succeeded", 0.25, 2000),
      job("failed", 0.5, 90),
      job("succeeded", 1, 4000),
      job("running", 0, null),
    ];
    expect(inShort(jobs)).toBe("4 jobs: 2 succeeded, 1 failed, 1 running · cost $1.75 · median 2.00 s");
    expect(inShort([job("running", 0, null)])).toBe("1 job: 1 running · cost $0");
    expect(inShort([job("succeeded", 0.5, 10, 0.25)])).toBe(
      "1 job: 1 succeeded · cost $0.500, saved $0.250 by cutting · median 10 ms",
    );
  });
});
