// SPDX-License-Identifier: GPL-2.0-or-later
/* Entries of external networks, at first sight; the API has the last word. */

const V4 = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})(?:\/(\d{1,2}))?$/;
const NAME = /^(\*\.)?([\p{L}\p{N}_]([\p{L}\p{N}_-]*[\p{L}\p{N}_])?\.)*[\p{L}\p{N}_]([\p{L}\p{N}_-]*[\p{L}\p{N}_])?\.?$/u;

export function entryProblem(entry: string): string | null {
  const excluded = entry.startsWith("!");
  const text = excluded ? entry.slice(1) : entry;
  const v4 = V4.exec(text);
  if (v4) {
    if (v4.slice(1, 5).some((octet) => Number(octet) > 255)) return "Each number of an IPv4 address is 255 at most.";
    return v4[5] !== undefined && Number(v4[5]) > 32 ? "An IPv4 prefix has 32 bits at most." : null;
  }
  if (text.includes(":")) {
    const [address = "", bits] = text.split("/");
    if (!/^[0-9a-f:.]+$/i.test(address)) return "This is no IPv6 address.";
    return bits !== undefined && !(Number(bits) <= 128) ? "An IPv6 prefix has 128 bits at most." : null;
  }
  if (/^[\d./]+$/.test(text)) return "Write an address as 192.0.2.1, a prefix as 192.0.2.0/24.";
  if (!NAME.test(text)) return "Write an address, a prefix or a domain name.";
  return excluded ? "A domain name cannot be excluded." : null;
}

/** A prefix around an address: /24, or /64 for IPv6. */
export function around(address: string): string {
  if (address.includes(":")) {
    const [head = ""] = address.split("::");
    const groups = head.split(":").filter(Boolean);
    const full = address.includes("::") ? groups : address.split(":");
    return `${full.slice(0, 4).join(":")}::/64`;
  }
  return `${address.split(".").slice(0, 3).join(".")}.0/24`;
}
