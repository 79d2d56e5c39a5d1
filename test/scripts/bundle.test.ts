import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { bundleWorker, hashOf } from "../../scripts/bundle.ts";
import { root } from "../../scripts/machine.ts";

const folder = mkdtempSync(join(tmpdir(), "atomic-bundle-test-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("a bundle is built again when what it is made of has changed", () => {
  const tree = (files: Record<string, string>): string => {
    const src = join(folder, "src");
    rmSync(src, { recursive: true, force: true });
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(join(src, name, ".."), { recursive: true });
      writeFileSync(join(src, name), text);
    }
    return hashOf(folder, ["src"]);
  };
  const files = { "a.ts": "one", "deep/b.ts": "two" };
  it("a byte, a name, a file more or less, bytes that move to the next file", () => {
    const others: Record<string, string>[] = [
      { "a.ts": "onE", "deep/b.ts": "two" },
      { "a.ts": "one", "deep/c.ts": "two" },
      { "a.ts": "one", "b.ts": "two" },
      { "a.ts": "one" },
      { ...files, "c.ts": "" },
      { "a.ts": "on", "deep/b.ts": "etwo" },
      { "a.ts": "one\nsrc/deep/b.ts 3\ntwo" },
    ];
    const hashes = [files, ...others].map(tree);
    expect(new Set(hashes).size).toBe(hashes.length);
    expect(tree(files)).toBe(hashes[0]);
    // Not every copy of the project has a lock file.
    expect(hashOf(folder, ["src", "package-lock.json"])).toBe(hashes[0]);
  });
});

it("the one that is kept is the one that was built, in a folder of the caller's own", {
  timeout: 120_000,
}, async () => {
  const first = await bundleWorker();
  const second = await bundleWorker();
  expect(second).not.toBe(first);
  const names = readdirSync(first).sort();
  expect(readdirSync(second).sort()).toEqual(names);
  expect(names).toEqual(expect.arrayContaining(["options.json", "worker.js"]));
  for (const name of names) expect(readFileSync(join(second, name)).equals(readFileSync(join(first, name)))).toBe(true);
  rmSync(first, { recursive: true });
  expect(readFileSync(join(second, "worker.js"), "utf8").length).toBeGreaterThan(100_000);
  rmSync(second, { recursive: true });
  expect(readdirSync(join(root, ".wrangler", "bundles")).length).toBeGreaterThan(0);
});
