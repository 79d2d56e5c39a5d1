/** How a caller wants tokens drawn; passed on to models whose wire has a word for it. Absent: the provider's own. */
export interface Sampling {
  /** 0 to 1. */
  topP?: number;
  /** Instead of the one Atomic draws for each attempt. */
  seed?: number;
  /** -2 to 2. */
  frequencyPenalty?: number;
  /** -2 to 2. */
  presencePenalty?: number;
}
