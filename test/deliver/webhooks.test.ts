import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { Webhook } from "standardwebhooks";
import { describe, expect, it } from "vitest";
import { sendWebhook } from "../../src/deliver/send-webhook.ts";
import { signWebhook, tenantWebhookSecret } from "../../src/deliver/webhook-secret.ts";
import { checkWebhookTarget, nearReceivers } from "../../src/deliver/webhook-target.ts";

/** A receiver on this machine that keeps what it was sent. */
async function receiver(status: number, headers: Record<string, string> = {}) {
  const got: { headers: IncomingHttpHeaders; body: string; path: string }[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk) => (body += chunk));
    request.on("end", () => {
      got.push({ headers: request.headers, body, path: request.url ?? "" });
      response.writeHead(status, headers).end("x".repeat(10_000));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/hook`, got, stop: () => new Promise((resolve) => server.close(resolve)) };
}

const publicOnly = { loopback: false, hosts: [] };
const thisMachine = { loopback: true, hosts: [] };
const post = (url: string, secrets: string | string[], near = thisMachine) =>
  sendWebhook({ url, secrets: [secrets].flat(), id: "msg_1", body: '{"grüße":1}', nowMs: Date.now(), near }, fetch);

describe("a webhook", () => {
  it("verifies with the standardwebhooks package, for the tenant's own secret and for a named one", async () => {
    const sink = await receiver(204);
    const own = await tenantWebhookSecret("server-secret", "acme");
    expect(own).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(own).not.toBe(await tenantWebhookSecret("server-secret", "other"));
    for (const secret of [own, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"]) {
      expect(await post(sink.url, secret)).toEqual({ ok: true, status: 204 });
      const last = sink.got.at(-1);
      const headers = last?.headers as Record<string, string>;
      expect(new Webhook(secret).verify(last?.body ?? "", headers)).toEqual({ grüße: 1 });
      expect(() => new Webhook(secret).verify(`${last?.body} `, headers)).toThrow();
    }
    await sink.stop();
  });

  it("signs as the package does, byte for byte", async () => {
    const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const at = new Date(1_790_000_000_000);
    expect(await signWebhook(secret, "msg_9", at.getTime() / 1000, "body")).toBe(
      new Webhook(secret).sign("msg_9", at, "body"),
    );
  });

  it("carries a signature of each secret: either verifies, a stranger's does not", async () => {
    const sink = await receiver(204);
    const secrets = await Promise.all(["new", "old"].map((server) => tenantWebhookSecret(server, "acme")));
    expect(await post(sink.url, secrets)).toEqual({ ok: true, status: 204 });
    const sent = sink.got.at(-1);
    const headers = sent?.headers as Record<string, string>;
    expect(headers["webhook-signature"]).toMatch(/^v1,\S+ v1,\S+$/);
    for (const secret of secrets) expect(new Webhook(secret).verify(sent?.body ?? "", headers)).toEqual({ grüße: 1 });
    const stranger = new Webhook(await tenantWebhookSecret("other", "acme"));
    expect(() => stranger.verify(sent?.body ?? "", headers)).toThrow();
    await sink.stop();
  });

  it.each([
    ["120", 120_000],
    ["Thu, 26 Nov 2026 10:00:30 GMT", 30_000],
    ["Thursday, 26-Nov-26 10:00:30 GMT", 30_000],
    ["Thu, 26 Nov 2026 09:00:00 GMT", 0],
    ["soon", undefined],
    ["-5", undefined],
    ["1e9", undefined],
    ["", undefined],
  ])("says for how long a receiver that asks for %j wants to be left alone", async (asked, retryAfterMs) => {
    const secrets = [await tenantWebhookSecret("s", "t")];
    const nowMs = Date.UTC(2026, 10, 26, 10);
    const send = async () => new Response(null, { status: 503, headers: { "retry-after": asked } });
    const post = { url: "https://hooks.example/x", secrets, id: "m", body: "", nowMs, near: publicOnly };
    expect((await sendWebhook(post, send)) as object).toEqual({
      ok: false,
      status: 503,
      reason: "the receiver answered 503",
      gone: false,
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    });
  });

  it("follows no redirect", async () => {
    const inner = await receiver(200);
    const outer = await receiver(302, { location: inner.url });
    const secret = await tenantWebhookSecret("s", "t");
    expect(await post(outer.url, secret)).toMatchObject({ ok: false, status: 302, gone: false });
    expect(inner.got).toHaveLength(0);
    await Promise.all([inner.stop(), outer.stop()]);
  });

  it("says of a receiver outside --egress that it was not asked", async () => {
    const secret = await tenantWebhookSecret("s", "t");
    const send = async () => new Response(null, { status: 403, headers: { "atomic-egress": "refused" } });
    const post = { url: "https://hooks.example/x", secrets: [secret], id: "m", body: "", nowMs: 0, near: publicOnly };
    expect(await sendWebhook(post, send)).toMatchObject({
      ok: false,
      status: null,
      reason: "--egress does not name the receiver's host",
    });
  });

  it("says that a receiver failed, is gone or is not there, and sends nothing without a secret", async () => {
    const secret = await tenantWebhookSecret("s", "t");
    const broken = await receiver(500);
    expect(await post(broken.url, secret)).toMatchObject({ ok: false, status: 500, gone: false });
    for (const bad of ["", "sk-live-something", "whsec_", "whsec_***", [], [secret, ""]])
      expect(await post(broken.url, bad)).toMatchObject({ ok: false, status: null });
    expect(broken.got).toHaveLength(1);
    await broken.stop();
    expect(await post(broken.url, secret)).toMatchObject({ ok: false, status: null, gone: false });
    const gone = await receiver(410);
    expect(await post(gone.url, secret)).toMatchObject({ ok: false, gone: true });
    await gone.stop();
  });

  it.each([
    "http://hooks.example.com/",
    "https://127.0.0.1/",
    "https://2130706433/",
    "https://0x7f.1/",
    "https://127.1/",
    "https://10.0.0.8/",
    "https://8.8.8.8/",
    "https://[::1]/",
    "https://[2001:db8::1]/",
    "https://[::ffff:10.0.0.1]/",
    "https://localhost/",
    "https://LOCALHOST./",
    "https://a.localhost/",
    "https://db.internal/",
    "https://printer.local/",
    "https://router.lan/",
    "https://metadata/",
    "https://metadata./",
    "https://kubernetes.default.svc/",
    "https://kubernetes.default.svc.cluster.local/",
    "https://a.cluster/",
    "https://consul.service.consul/",
    "https://localhost../",
    "https://metadata.google.internal../",
    "https://127.0.0.1../",
    "https://[::1]/",
    "https://metadata.google.internal/",
    "https://user:pass@hooks.example.com/",
    "https://hooks.example.com:8443/",
    "https://hooks.example.com/#x",
    "https://169.254.169.254/latest/meta-data",
    "ftp://hooks.example.com/",
    "file:///etc/passwd",
    "javascript:alert(1)",
    "//hooks.example.com",
    "hooks.example.com",
    `https://hooks.example.com/${"x".repeat(3000)}`,
  ])("may not go to %s", async (url) => {
    expect(checkWebhookTarget(url, publicOnly)).toMatchObject({ code: "invalid-request", field: "webhook.url" });
    const sent: string[] = [];
    const secret = await tenantWebhookSecret("s", "t");
    const send = async (to: string) => {
      sent.push(to);
      return new Response();
    };
    const result = await sendWebhook({ url, secrets: [secret], id: "m", body: "", nowMs: 0, near: publicOnly }, send);
    expect(result.ok).toBe(false);
    expect(sent).toEqual([]);
  });

  it("may go to a public host, and to this machine only by the operator's flag", () => {
    expect(checkWebhookTarget("https://hooks.example.com/a?b=c", publicOnly)).toBeNull();
    expect(checkWebhookTarget("http://127.0.0.1:9000/x", thisMachine)).toBeNull();
    expect(checkWebhookTarget("http://10.0.0.1/x", thisMachine)).not.toBeNull();
  });

  it("goes to hosts that the operator named, on their port and over http too, and to none that only look like them", () => {
    const near = nearReceivers({ ATOMIC_WEBHOOK_HOSTS: " Hooks.corp , 10.0.0.7:8080,[fd00::5]:9000 " });
    for (const url of [
      "http://hooks.corp/x",
      "https://hooks.corp/x",
      "http://10.0.0.7:8080/",
      "http://[fd00::5]:9000/",
    ])
      expect(checkWebhookTarget(url, near)).toBeNull();
    for (const url of [
      "http://hooks.corp:81/x",
      "http://a.hooks.corp/x",
      "http://10.0.0.7/",
      "http://hooks.corp@10.0.0.8/",
      "ftp://hooks.corp/x",
      "http://127.0.0.1/",
    ])
      expect(checkWebhookTarget(url, near)).toMatchObject({ field: "webhook.url" });
    expect(nearReceivers({})).toEqual(publicOnly);
  });
});
