import { chooseActions, readMailActions } from "../email/actions.ts";
import { forwardedHeader, isAutomatic } from "../email/automatic-mail.ts";
import { base64, encodedWords } from "../email/encoded-words.ts";
import { mailText } from "../email/mail-text.ts";
import { isRefusal, parseMail } from "../email/parse-mail.ts";
import { triageCardSchema } from "../email/triage-card.ts";
import type { AtomicEnv } from "../env.ts";
import type { Refusal } from "../error.ts";
import { followJob } from "../http/follow-job.ts";
import { withInput } from "../http/native/job-request.ts";
import type { Caller, HttpPorts } from "../http/ports.ts";
import type { JobInput } from "../plan/job-request.ts";

/** How long a mail's handler waits for its card when the operator has rules for it, ms. */
const waitMs = 60_000;
const mailLimitBytes = 25 * 1024 * 1024;

/** A raw mail as a job's input: its text and metadata. */
export async function readMail(raw: Uint8Array): Promise<JobInput | Refusal> {
  const mail = await parseMail(raw);
  if (isRefusal(mail)) return mail;
  return {
    type: "email",
    text: mailText(mail),
    mail: {
      subject: mail.subject,
      from: mail.from?.address ?? "",
      to: mail.to.map((to) => to.address),
      messageId: mail.messageId === "" ? null : mail.messageId,
      oversized: mail.oversized,
      ...(mail.automatic ? { automatic: true as const } : {}),
      attachments: mail.attachments.map(({ name, type, size }) => ({ name, type, bytes: size })),
    },
  };
}

/**
 * A mail that arrives at the Worker takes the same path as one that is posted. Nothing is ever sent but what the
 * operator's rules (ATOMIC_MAIL_ACTIONS) say, no answer to what a program sent, and nothing is forwarded twice; a mail
 * that cannot be read is rejected with the reason.
 */
export async function handleMail(
  message: ForwardableEmailMessage,
  env: AtomicEnv,
  jobs: HttpPorts["jobs"],
): Promise<void> {
  const actions = readMailActions(env.ATOMIC_MAIL_ACTIONS);
  if ("code" in actions) {
    // The mail is worth more than its rules: it is triaged, and the operator finds out why nothing was done.
    console.error(JSON.stringify({ event: "mail-actions-refused", error: actions.message }));
  }
  const input = await readMail(await firstBytes(message.raw, mailLimitBytes + 1));
  if ("code" in input) return message.setReject(input.message);
  const tenant = env.ATOMIC_LOCAL === "1" ? "local" : "operator";
  const caller: Caller = { tenant, role: "operator", keyId: "email", scope: "all" };
  const { id } = await jobs.create(caller, withInput({}, input), "email");
  if ("code" in actions || actions.rules.length === 0) return;
  // It was here before: what was to be done with it has been done, and would be done for ever.
  if (message.headers.has(forwardedHeader)) return;
  for await (const event of followJob(() => jobs.open(caller, id), AbortSignal.timeout(waitMs))) {
    if (event?.type !== "job-ended" || event.status !== "succeeded") continue;
    const { value, unsure } = event.answer;
    const card = triageCardSchema.safeParse({
      ...(typeof value === "object" ? value : {}),
      unsure: unsure.map(({ part, why }) => ({ field: part, why: why.slice(0, 300) })),
    });
    if (!card.success) continue;
    for (const action of chooseActions(actions, card.data)) {
      if (action.action === "forward") await message.forward(action.to, new Headers({ [forwardedHeader]: "1" }));
      else if (!isAutomatic(message.headers, message.from))
        await reply(message, action.from, action.text, input.type === "email" ? input.mail.subject : "");
    }
  }
}

async function reply(message: ForwardableEmailMessage, from: string, text: string, subject: string): Promise<void> {
  const { EmailMessage } = await import("cloudflare:email");
  const inReplyTo = message.headers.get("message-id");
  const title = `Re: ${subject.replace(/^(re:\s*)+/i, "")}`.replace(/[\r\n]+/g, " ");
  const headers = [
    `From: ${from}`,
    `To: ${message.from}`,
    `Subject: ${encodedWords(title.slice(0, 200))}`,
    `Message-ID: <${crypto.randomUUID()}@${from.split("@")[1] ?? "atomic.invalid"}>`,
    ...(inReplyTo === null ? [] : [`In-Reply-To: ${inReplyTo.replace(/[\r\n]+/g, " ").slice(0, 500)}`]),
    `Date: ${new Date().toUTCString()}`,
    "Auto-Submitted: auto-replied",
    "MIME-Version: 1.0",
    "Content-Type: text/plain; charset=utf-8",
    "Content-Transfer-Encoding: base64",
  ];
  // Lines of a text end with CRLF under base64 too (RFC 2045, section 6.8).
  const body = base64(text.replace(/\r?\n/g, "\r\n")).replace(/.{76}/g, "$&\r\n");
  await message.reply(new EmailMessage(from, message.from, `${headers.join("\r\n")}\r\n\r\n${body}\r\n`));
}

/** At most `limit` bytes of a stream; the rest is not read. */
async function firstBytes(stream: ReadableStream<Uint8Array>, limit: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of stream) {
    chunks.push(chunk);
    size += chunk.length;
    if (size >= limit) break;
  }
  const bytes = new Uint8Array(Math.min(size, limit));
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk.subarray(0, bytes.length - at), at);
    at += chunk.length;
  }
  return bytes;
}
