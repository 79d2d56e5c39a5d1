import { afterEach, expect, it, vi } from "vitest";
import { judgeAuditShare, usualShare } from "../../src/entry/judge-audit-share.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

it("is three in a hundred unless the operator says another share; 0 is none", () => {
  expect([undefined, "", " "].map(judgeAuditShare)).toEqual([0.03, 0.03, 0.03]);
  expect(["0", "0.5", "1"].map(judgeAuditShare)).toEqual([0, 0.5, 1]);
});

it("is the usual one for what is no share, and says so once", () => {
  const told = vi.spyOn(console, "error").mockImplementation(() => {});
  expect(["off", "3", "-0.1", "NaN"].map(judgeAuditShare)).toEqual(Array(4).fill(usualShare));
  expect(told).toHaveBeenCalledTimes(1);
});
