/** The server of ATOMIC_LLM_URL: where it is, what it serves, and whether it is on this machine or network. */
export interface LlmServer {
  baseUrl: string;
  models: string[];
  /** Those of them that see pictures. */
  seeing: string[];
  local: boolean;
}

const maxModels = 16;

/**
 * Reads ATOMIC_LLM_URL, ATOMIC_LLM_MODEL ("a,b") and ATOMIC_LLM_IMAGES (those that see pictures). Null: not set. A string: why they cannot be used, for the
 * operator; it holds nothing of a credential.
 */
export function readLlmServer(
  url: string | undefined,
  models: string | undefined,
  images?: string | undefined,
): LlmServer | string | null {
  if (!url?.trim()) return models?.trim() ? "ATOMIC_LLM_MODEL is set without ATOMIC_LLM_URL." : null;
  let parsed: URL;
  try {
    parsed = new URL(url.trim());
  } catch {
    return "ATOMIC_LLM_URL is not a URL; write http://localhost:11434/v1.";
  }
  if (parsed.username || parsed.password) return "ATOMIC_LLM_URL has credentials in it; put the key in ATOMIC_LLM_KEY.";
  const local = isLocalHost(parsed.hostname);
  if (parsed.protocol !== "https:" && !(parsed.protocol === "http:" && local))
    return "ATOMIC_LLM_URL must be https, or http on this machine or network.";
  const names = namesIn(models);
  const seeing = namesIn(images);
  if (names.length === 0)
    return "ATOMIC_LLM_URL is set without ATOMIC_LLM_MODEL; name its models: ATOMIC_LLM_MODEL=a,b.";
  if (names.length > maxModels) return `ATOMIC_LLM_MODEL names more than ${maxModels} models.`;
  if (names.some((name) => name.length > 100 || !/^[\w.:@+-]+(\/[\w.:@+-]+){0,2}$/.test(name)))
    return "ATOMIC_LLM_MODEL has a name that is no model name.";
  if (seeing.some((name) => !names.includes(name)))
    return "ATOMIC_LLM_IMAGES names a model that ATOMIC_LLM_MODEL does not.";
  return { baseUrl: `${parsed.origin}${parsed.pathname.replace(/\/+$/, "")}`, models: names, seeing, local };
}

const namesIn = (list = ""): string[] =>
  [...new Set(list.split(",").map((name) => name.trim()))].filter((name) => name !== "");

/** This machine, or a private network by name or address (RFC 1918, RFC 4193, mDNS). */
export function isLocalHost(hostname: string): boolean {
  const host = hostname.toLowerCase().replace(/^\[|\]$/g, "");
  if (isLoopbackHost(host) || host === "host.docker.internal" || host.endsWith(".local") || host.endsWith(".internal"))
    return true;
  if (!host.includes(".") && !host.includes(":")) return true;
  if (/^(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.)[\d.]+$/.test(host)) return true;
  return /^f[cd][0-9a-f]{2}:/.test(host);
}

export function isLoopbackHost(hostname: string): boolean {
  const host = hostname.toLowerCase().replace(/^\[|\]$/g, "");
  return host === "localhost" || host.endsWith(".localhost") || host === "::1" || /^127\.\d+\.\d+\.\d+$/.test(host);
}
