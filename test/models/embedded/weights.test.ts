import { createHash } from "node:crypto";
import { expect, it } from "vitest";
import { buckets } from "../../../src/models/embedded/spam-features.ts";
import { base64, provenance } from "../../../src/models/embedded/weights/spam-logistic.ts";

it("spam weights are the ones that training wrote, one a bucket", () => {
  const weights = Buffer.from(base64, "base64");
  expect(weights).toHaveLength(buckets);
  expect(createHash("sha256").update(weights).digest("hex")).toBe(provenance.sha256);
});
