/** What job ids and webhooks are signed with. Sessions are signed with the operator's key alone: changing it ends them. */
export interface SigningSecrets {
  current: string;
  /** What signed before: its job ids are still found, and webhooks carry its signature too. null: nothing is being rotated. */
  previous: string | null;
}

/** Signs where there is no operator's key: on a development server only, so it need not be secret. */
const localSecret = "atomic-local-development";

export const signingSecret = (operatorKey: string | null, own: string | null = null): string =>
  own || operatorKey || localSecret;

/** As the operator's configuration has them. The previous one may be the operator's key of before. */
export function signingSecrets(env: {
  ATOMIC_API_KEY?: string;
  ATOMIC_SIGNING_SECRET?: string;
  ATOMIC_SIGNING_SECRET_PREVIOUS?: string;
}): SigningSecrets {
  const current = signingSecret(env.ATOMIC_API_KEY ?? null, env.ATOMIC_SIGNING_SECRET ?? null);
  const previous = env.ATOMIC_SIGNING_SECRET_PREVIOUS ?? "";
  return { current, previous: previous === "" || previous === current ? null : previous };
}
