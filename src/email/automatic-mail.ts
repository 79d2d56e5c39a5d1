/** Marks what this Worker has forwarded: a mail that comes back is not forwarded again. */
export const forwardedHeader = "X-Atomic-Forwarded";

/** `Headers`, or a map by lower-case names. */
interface HeaderFields {
  get(name: string): string | null | undefined;
  has(name: string): boolean;
}

/** Senders behind which is a program: bounces, and the owners and subscription addresses of lists. */
const program = /^(?:mailer-daemon|postmaster|no-?reply|do-?not-?reply|owner-.*|.*-request)@/i;

/**
 * Was a mail sent by a program: an answer of another machine, a bounce, a list, a bulk mailing (RFC 3834)? Such a mail
 * is never answered; two machines would answer each other for ever. `sender` is the envelope's, or what stands for it;
 * null: unknown.
 */
export function isAutomatic(headers: HeaderFields, sender: string | null): boolean {
  const value = (name: string) => headers.get(name)?.trim().toLowerCase() ?? "";
  const submitted = value("auto-submitted").split(/[;\s(]/)[0] ?? "";
  return (
    (submitted !== "" && submitted !== "no") ||
    headers.has("list-id") ||
    /^(?:bulk|list|junk)\b/.test(value("precedence")) ||
    !/^(?:none)?$/.test(value("x-auto-response-suppress")) ||
    value("return-path") === "<>" ||
    (sender !== null && (/^<?\s*>?$/.test(sender.trim()) || program.test(sender.trim().replace(/^</, ""))))
  );
}
