/** The notations of a policy's single values as shapes. */
import { text } from "./shape/text.ts";
import { parseCarrier, parseSignedCarrier } from "./value/carrier.ts";
import { parseInterfaceEntry } from "./value/interface.ts";
import { parseClientName, parseDoorName, parseHostName, parsePrincipal } from "./value/name.ts";
import { parseFilePath } from "./value/path.ts";
import { patternUpTo } from "./value/pattern.ts";
import { parsePortRange } from "./value/port.ts";
import { parseTrusted, parseWholePrefix } from "./value/prefix.ts";
import { parseSeconds } from "./value/seconds.ts";
import { parseSecret } from "./value/secret.ts";
import { parseService } from "./value/service.ts";
import { LONGEST_PING, parseStep } from "./value/step.ts";

const PORT = patternUpTo(65535);
const BYTE = `(0|${patternUpTo(255)})`;
const IPV4 = `(${BYTE}\\.){3}${BYTE}(/(0|${patternUpTo(32)}))?`;
const IPV6 = `[\\dA-Fa-f]*:[\\dA-Fa-f:.]+(/(0|${patternUpTo(128)}))?`;

export const duration = text({
  wanted: "a duration from 1s to 24h, such as 10s, 2m or 1h",
  schema: {
    type: "string",
    pattern: `^(${patternUpTo(86400)}s|${patternUpTo(1440)}m|${patternUpTo(24)}h)$`,
  },
  parse: parseSeconds,
});

export const service = text({
  wanted: "tcp/PORT, udp/PORT or a range such as tcp/6000-6010",
  schema: { type: "string", pattern: `^(tcp|udp)/${PORT}(-${PORT})?$` },
  parse: parseService,
  listed: true,
});

export const step = text({
  wanted: "PORT, tcp/PORT, udp/PORT or ping/LENGTH",
  schema: {
    anyOf: [
      { type: "integer", minimum: 1, maximum: 65535 },
      {
        type: "string",
        pattern: `^(((tcp|udp)/)?${PORT}|ping/(0|${patternUpTo(LONGEST_PING)}))$`,
      },
    ],
  },
  parse: parseStep,
  takesNumbers: true,
  listed: true,
});

export const carrier = text({
  wanted: "ping, udp/PORT, dns/PORT, http/PORT or tls/PORT",
  schema: { type: "string", pattern: `^(ping|(udp|dns|http|tls)/${PORT})$` },
  parse: parseCarrier,
  listed: true,
});

/** A carrier that has room for a signed knock. */
export const signedCarrier = text({
  wanted: "ping or udp/PORT",
  schema: { type: "string", pattern: `^(ping|udp/${PORT})$` },
  parse: parseSignedCarrier,
  listed: true,
});

export const portRange = text({
  wanted: "a range of ports, such as 21000-25000",
  schema: { type: "string", pattern: `^${PORT}-${PORT}$` },
  parse: parsePortRange,
});

const prefixNotation = {
  wanted: "an address or a prefix, such as 192.0.2.0/24 or 2001:db8::/64",
  schema: { type: "string", pattern: `^(${IPV4}|${IPV6})$` },
  listed: true,
};

export const prefix = text({ ...prefixNotation, parse: parseWholePrefix });

/** A prefix that does not hold everybody. */
export const trustedPrefix = text({ ...prefixNotation, parse: parseTrusted });

export const interfaceEntry = text({
  wanted: 'the name of a network interface, or a pattern such as "ppp*" or "!lan0"',
  schema: { type: "string", pattern: "^!?([A-Za-z0-9._@:-]{1,15}|[A-Za-z0-9._@:-]{1,14}\\*)$" },
  parse: parseInterfaceEntry,
  listed: true,
});

export const doorName = text({
  wanted: "1 to 32 of a-z, 0-9 and -, beginning with a letter",
  schema: { pattern: "^[a-z][a-z0-9-]{0,31}$" },
  parse: parseDoorName,
});

export const clientName = text({
  wanted: "1 to 32 of a-z, 0-9 and . _ @ -, beginning with a letter or a digit",
  schema: { pattern: "^[a-z\\d][a-z\\d._@-]{0,31}$" },
  parse: parseClientName,
});

export const principal = text({
  wanted: "1 to 64 of A-Z, a-z, 0-9 and . _ @ + -, beginning with a letter or a digit",
  schema: { type: "string", pattern: "^[A-Za-z\\d][A-Za-z\\d._@+-]{0,63}$" },
  parse: parsePrincipal,
  listed: true,
});

export const filePath = text({
  wanted: "where the file lies, beginning with /",
  schema: { type: "string", pattern: "^/" },
  parse: parseFilePath,
});

export const secret = text({
  wanted: "a key, which has 43 characters",
  schema: { pattern: "^[\\w-]{43}$" },
  parse: parseSecret,
});

export const hostName = text({
  wanted: "the name of a host, or its address",
  schema: { pattern: "^[A-Za-z\\d:][A-Za-z\\d.:%_-]*$" },
  parse: parseHostName,
});
