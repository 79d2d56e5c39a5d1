/** Bindings of wrangler.toml plus what is set by secret or launcher. Absent means: not configured. */
export interface AtomicEnv extends Cloudflare.Env {
  /** Operator's key. Without it production answers 503. */
  ATOMIC_API_KEY?: string;
  /** Signs job ids and webhooks, so that the operator's key can be changed without losing them. Default: that key. */
  ATOMIC_SIGNING_SECRET?: string;
  /** What signed before it, while it is rotated: old job ids are still found, webhooks carry both signatures. */
  ATOMIC_SIGNING_SECRET_PREVIOUS?: string;
  /** "1": started by `npm start` or the demo on this machine; open without a key. Never set in production. */
  ATOMIC_LOCAL?: string;
  /** "1": simulated bidders take part. */
  ATOMIC_SIM?: string;
  /** An OpenAI-compatible server and its models, comma-separated. */
  ATOMIC_LLM_URL?: string;
  ATOMIC_LLM_MODEL?: string;
  /** Those of its models that see pictures. */
  ATOMIC_LLM_IMAGES?: string;
  ATOMIC_LLM_KEY?: string;
  OPENAI_API_KEY?: string;
  ANTHROPIC_API_KEY?: string;
  GOOGLE_GENERATIVE_AI_API_KEY?: string;
  AI?: Ai;
  /** Set by `npm run serve`: settles in place of the queue. */
  SETTLER?: DurableObjectNamespace;
  /** JSON: what may happen to a triaged mail; see src/email/actions.ts. */
  ATOMIC_MAIL_ACTIONS?: string;
  /** Origins whose pages may call the API from a browser: "https://app.example.com,https://other.example"; "*": any. */
  ATOMIC_CORS_ORIGINS?: string;
  /** OTLP/HTTP endpoint of traces, and its headers as "name=value,name=value". */
  ATOMIC_OTLP_URL?: string;
  ATOMIC_OTLP_HEADERS?: string;
  /** Days an ended job's log is kept; default 30. */
  ATOMIC_RETENTION_DAYS?: string;
  /** Share of model judges' verdicts that a stronger judge audits, 0 (none) to 1; default 0.03. */
  ATOMIC_JUDGE_AUDIT_SHARE?: string;
  /** "1": webhooks and stored bidders may have http URLs on loopback (tests, local servers). */
  ATOMIC_ALLOW_LOOPBACK?: string;
  /** "1": stored bidders may also be on the operator's own network, over http (`npm run serve`). */
  ATOMIC_PRIVATE_BIDDERS?: string;
  /** Receivers of webhooks on the operator's own network, over http too: "name,name:port". */
  ATOMIC_WEBHOOK_HOSTS?: string;
}
