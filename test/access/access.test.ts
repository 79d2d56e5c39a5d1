import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createAccess, type KeyStore } from "../../src/access/access.ts";
import { mintJobId, verifyJobId } from "../../src/access/job-id.ts";
import { type KeyRow, makeKey, splitKey } from "../../src/access/key.ts";
import { sameText, sha256Hex } from "../../src/access/mac.ts";
import { signingSecret, signingSecrets } from "../../src/access/signing-secrets.ts";
import { CachedKeys } from "../../src/store/cached-keys.ts";

const dayMs = 24 * 60 * 60 * 1000;
const random = (bytes: number) => crypto.getRandomValues(new Uint8Array(bytes));

function access(operatorKey: string | null, local = false) {
  const rows = new Map<string, KeyRow>();
  const clock = { nowMs: 1_000_000 };
  const port = createAccess({
    operatorKey,
    local,
    nowMs: () => clock.nowMs,
    random,
    keys: {
      get: async (id) => rows.get(id) ?? null,
      put: async (row) => void rows.set(row.id, row),
      list: async () => [],
      revoke: async (id, nowMs) => {
        const row = rows.get(id);
        if (row === undefined || row.revokedAtMs !== null) return false;
        rows.set(id, { ...row, revokedAtMs: nowMs });
        return true;
      },
    },
  });
  return { port, rows, clock };
}

describe("keys", () => {
  it("open production to the operator and to tenants, and to nobody else", async () => {
    const { port } = access("the-operator");
    const { id, key } = await port.createKey("alpha");
    expect(key).toMatch(/^atm_[0-9a-f]{16}_[A-Za-z0-9_-]{43}$/);
    expect(await port.authenticate("the-operator")).toEqual({
      tenant: "operator",
      role: "operator",
      keyId: "operator",
      scope: "all",
    });
    expect(await port.authenticate(key)).toEqual({ tenant: "alpha", role: "tenant", keyId: id, scope: "all" });
    const other = (await port.createKey("beta")).key;
    const mixed = `atm_${id}_${splitKey(other)?.secret}`;
    for (const wrong of [
      null,
      "",
      "the-operato",
      "the-operator ",
      key.slice(0, -1),
      `${key}x`,
      mixed,
      "atm__",
      "local",
    ])
      expect(await port.authenticate(wrong)).toBeNull();
    expect(await port.revokeKey(id)).toBe(true);
    expect(await port.revokeKey(id)).toBe(false);
    expect(await port.authenticate(key)).toBeNull();
  });

  it("keep only a hash of the secret", async () => {
    const { port, rows } = access("the-operator");
    const { id, key } = await port.createKey("alpha");
    const secret = splitKey(key)?.secret ?? "";
    expect(rows.get(id)?.secretHash).toBe(await sha256Hex(secret));
    expect(JSON.stringify([...rows.values()])).not.toContain(secret);
  });

  it("are never the same twice", async () => {
    const made = await Promise.all(
      Array.from({ length: 200 }, () => makeKey("t", { days: null, scope: "all" }, 0, random)),
    );
    expect(new Set(made.map((m) => m.key)).size).toBe(200);
    expect(new Set(made.map((m) => m.row.id)).size).toBe(200);
  });

  it("with days are nobody's from their last moment on, remembered or not, and so are their sessions", async () => {
    const { port, rows, clock } = access("the-operator");
    const { id, key, expiresAtMs } = await port.createKey("alpha", { days: 2, scope: "all" });
    expect(expiresAtMs).toBe(clock.nowMs + 2 * dayMs);
    let reads = 0;
    const stored: KeyStore = {
      get: async (asked) => {
        reads++;
        return rows.get(asked) ?? null;
      },
      put: async () => {},
      revoke: async () => false,
      list: async () => [],
    };
    const keys = new CachedKeys(stored, new Map(), () => clock.nowMs);
    const cached = createAccess({ operatorKey: "the-operator", local: false, nowMs: () => clock.nowMs, random, keys });
    const token = (await cached.signIn(key)) ?? "";
    clock.nowMs += 2 * dayMs - 1;
    expect(await cached.authenticate(key)).toMatchObject({ keyId: id });
    expect(await cached.readSession(token)).toMatchObject({ keyId: id });
    const before = reads;
    clock.nowMs += 1;
    expect(await cached.authenticate(key)).toBeNull();
    expect(await cached.readSession(token)).toBeNull();
    expect(await cached.signIn(key)).toBeNull();
    // Nothing was read again: its row was remembered, its end was not overlooked for that.
    expect(reads).toBe(before);
  });

  it("say what they are for, and so do their sessions, by the key as it is and not as it was", async () => {
    const { port, rows } = access("the-operator");
    const { id, key } = await port.createKey("alpha", { days: null, scope: "read" });
    const holder = { tenant: "alpha", role: "tenant", keyId: id };
    expect(await port.authenticate(key)).toEqual({ ...holder, scope: "read" });
    const token = (await port.signIn(key)) ?? "";
    expect(await port.readSession(token)).toEqual({ ...holder, scope: "read" });
    const row = rows.get(id);
    if (row !== undefined) rows.set(id, { ...row, scope: "all" });
    expect(await port.readSession(token)).toEqual({ ...holder, scope: "all" });
  });

  it("are all missing in production without ATOMIC_API_KEY: nothing is open", async () => {
    for (const unset of [null, ""]) {
      const { port } = access(unset);
      const { key } = await port.createKey("alpha");
      for (const given of [null, "", key]) expect(await port.authenticate(given)).toBe("unset");
      expect(await port.signIn("")).toBeNull();
    }
  });

  it("are not needed in local development, but a tenant's key means that tenant", async () => {
    const { port } = access(null, true);
    const local = { tenant: "local", role: "operator", keyId: "local", scope: "all" };
    expect(await port.authenticate(null)).toEqual(local);
    expect(await port.authenticate("sk-anything")).toEqual(local);
    const { key } = await port.createKey("alpha");
    expect(await port.authenticate(key)).toMatchObject({ tenant: "alpha", role: "tenant" });
    expect(await port.authenticate(`${key.slice(0, -2)}zz`)).toBeNull();
    expect(await access("set", true).port.authenticate(null)).toBeNull();
  });
});

describe("sessions", () => {
  it("are given for a valid key, and end with it or after a week", async () => {
    const { port, clock } = access("the-operator");
    const { id, key } = await port.createKey("alpha");
    expect(await port.signIn("wrong")).toBeNull();
    const token = (await port.signIn(key)) ?? "";
    expect(token).not.toContain(splitKey(key)?.secret ?? "");
    expect(await port.readSession(token)).toEqual({ tenant: "alpha", role: "tenant", keyId: id, scope: "all" });
    const operators = (await port.signIn("the-operator")) ?? "";
    expect(await port.readSession(operators)).toMatchObject({ role: "operator" });
    await port.revokeKey(id);
    expect(await port.readSession(token)).toBeNull();
    clock.nowMs += 7 * 24 * 3600 * 1000 - 1;
    expect(await port.readSession(operators)).not.toBeNull();
    clock.nowMs += 1;
    expect(await port.readSession(operators)).toBeNull();
  });

  it("cannot be forged, changed or brought from a server with another secret", async () => {
    const { port } = access("the-operator");
    const token = (await port.signIn("the-operator")) ?? "";
    expect(await access("another").port.readSession(token)).toBeNull();
    const [claims = "", sum = ""] = token.split(".");
    const more = btoa(JSON.stringify({ tenant: "x", role: "operator", keyId: "operator", expiresAtMs: 9e15 }));
    for (const forged of ["", ".", "a.b", claims, `${claims}.`, `${more}.${sum}`, `${token}.x`, `${claims}x.${sum}`])
      expect(await port.readSession(forged)).toBeNull();
  });
});

describe("job ids", () => {
  const secret = signingSecret("the-operator");
  const secrets = { current: secret, previous: null };
  const objectId = "0123456789abcdef".repeat(4);

  it("give their object back to their own tenant only", async () => {
    const id = await mintJobId(secret, "alpha", objectId);
    expect(id).toMatch(/^job_[0-9a-f]{64}_[0-9a-f]{16}$/);
    expect(await verifyJobId(secrets, "alpha", id)).toBe(objectId);
    expect(await verifyJobId(secrets, "beta", id)).toBeNull();
    expect(await verifyJobId(signingSecrets({}), "alpha", id)).toBeNull();
    // "a" + "b\nc" and "a\nb" + "c" must not sign alike.
    expect(await verifyJobId(secrets, `alpha\n${objectId}`, id)).toBeNull();
  });

  it("outlive a change of the operator's key where a signing secret of its own is set", async () => {
    const id = await mintJobId(signingSecret("old", "signs"), "alpha", objectId);
    expect(
      await verifyJobId(signingSecrets({ ATOMIC_API_KEY: "new", ATOMIC_SIGNING_SECRET: "signs" }), "alpha", id),
    ).toBe(objectId);
    expect(
      await verifyJobId(signingSecrets({ ATOMIC_API_KEY: "new", ATOMIC_SIGNING_SECRET: "" }), "alpha", id),
    ).toBeNull();
  });

  it("of before are found while the secret is rotated, and are its own tenant's still; new ones have the new secret's MAC", async () => {
    const before = signingSecrets({ ATOMIC_API_KEY: "key" });
    const during = { ATOMIC_API_KEY: "key", ATOMIC_SIGNING_SECRET: "new", ATOMIC_SIGNING_SECRET_PREVIOUS: "key" };
    const rotating = signingSecrets(during);
    const after = signingSecrets({ ATOMIC_API_KEY: "key", ATOMIC_SIGNING_SECRET: "new" });
    const old = await mintJobId(before.current, "alpha", objectId);
    const made = await mintJobId(rotating.current, "alpha", objectId);
    const found = async (id: string, tenant = "alpha") =>
      Promise.all([before, rotating, after].map((secrets) => verifyJobId(secrets, tenant, id)));
    expect(await found(old)).toEqual([objectId, objectId, null]);
    expect(await found(made)).toEqual([null, objectId, objectId]);
    expect(await found(old, "beta")).toEqual([null, null, null]);
    for (const previous of ["", "new"])
      expect(signingSecrets({ ...during, ATOMIC_SIGNING_SECRET_PREVIOUS: previous }).previous).toBeNull();
  });

  it("are refused when any character is changed", async () => {
    const id = await mintJobId(secret, "alpha", objectId);
    await fc.assert(
      fc.asyncProperty(fc.nat(id.length - 1), fc.constantFrom(..."0123456789abcdefX_"), async (at, character) => {
        fc.pre(id[at] !== character);
        expect(await verifyJobId(secrets, "alpha", id.slice(0, at) + character + id.slice(at + 1))).toBeNull();
      }),
      { numRuns: 200 },
    );
    for (const wrong of ["", "job_", id.toUpperCase(), ` ${id}`, `${id}\n`, id.slice(0, -1)])
      expect(await verifyJobId(secrets, "alpha", wrong)).toBeNull();
  });
});

describe("sameText", () => {
  it("is equality", () => {
    fc.assert(fc.property(fc.string(), fc.string(), (a, b) => sameText(a, b) === (a === b) && sameText(a, a)));
  });
});
