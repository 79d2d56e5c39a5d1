/** A bug put into production source: the text it replaces stands there exactly once, or the run fails. */
export interface Mutant {
  name: string;
  file: string;
  find: string;
  replace: string;
  /** Who must notice: the chaos part, or a test file. */
  caughtBy: "chaos" | `test/${string}.test.ts`;
  /** It may show as a test that never ends; of any other bug that is no proof. */
  hangs?: boolean;
}
