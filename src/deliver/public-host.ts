/** Names that lead into a private network or nowhere, whatever they resolve to. */
const privateNames =
  /(^|\.)(localhost|local|localdomain|internal|intranet|lan|home|corp|private|home\.arpa|svc|cluster|consul|nomad|docker|test|invalid|onion)$/;

/** Does a URL name no host, but an address? The URL parser has made 2130706433, 0x7f.1 and 127.1 dotted quads by then. */
export const isAddress = (url: URL): boolean => /^(\[|\d+(\.\d+){0,3}$)/.test(nameOf(url));

/** Does it name a host outside private networks? Of an address: no. */
export const isPublicHost = (url: URL): boolean =>
  !isAddress(url) && nameOf(url).includes(".") && !privateNames.test(nameOf(url));

/** Is this an absolute URL of a public host, without credentials? */
export function isPublicUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  return url.username === "" && url.password === "" && isPublicHost(url);
}

const nameOf = ({ hostname }: URL): string => hostname.replace(/\.+$/, "");
