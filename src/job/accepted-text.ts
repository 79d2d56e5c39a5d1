/**
 * What an accepted answer says, as text: its value, a string as it is and else as JSON. The text it was read from may be
 * in a fence, or nearly right only; it stands where there is no value.
 */
export const acceptedText = ({ text, value }: { text: string; value?: unknown }): string =>
  value === undefined ? text : typeof value === "string" ? value : JSON.stringify(value);
