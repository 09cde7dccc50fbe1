/** Files of other programs that are given as a policy, told by what only these write. */
import type { Problem } from "../problem/problem.ts";
import { placeOf, type Source } from "./text/source.ts";
import { problemAt } from "./value/written.ts";

interface Foreign {
  /** All of these are in the file. */
  readonly marks: readonly RegExp[];
  readonly what: string;
  readonly fix: string;
}

const WRITE_ONE = "`postern init` asks what a policy needs, and writes one";

/** The first that fits; marks of whole files before those of single lines. */
const FOREIGN: readonly Foreign[] = [
  {
    marks: [/^\s*\[\w+\]/m, /^\s*(?:sequence|seq_timeout|start_command|tcpflags)\s*=/im],
    what: "a configuration of knockd",
    fix: `docs/from-knockd.md says what its lines are in a policy; ${WRITE_ONE}`,
  },
  {
    marks: [/^\s*(?:SOURCE|OPEN_PORTS|KEY(?:_BASE64)?|HMAC_KEY(?:_BASE64)?)[ \t]+\S/m],
    what: "an access.conf of fwknop",
    fix: `docs/from-knockd.md says what takes the place of fwknop; ${WRITE_ONE}`,
  },
  {
    marks: [/^\s*(?:PCAP_INTF|ENABLE_\w+|FLUSH_IPT\w*|IPT_\w+|FIREWD_\w+|FWKNOP_\w+)[ \t]+\S/m],
    what: "an fwknopd.conf of fwknop",
    fix: `docs/from-knockd.md says what takes the place of fwknop; ${WRITE_ONE}`,
  },
  {
    marks: [/^#!\/bin\/sh/, /^# .*\bPOSTERN\b|POSTERN_/m],
    what: "a script that `postern compile --backend iptables` printed",
    fix: "`sudo sh FILE` loads it; name the policy that it was made of",
  },
  {
    marks: [/^\s*(?:\*(?:filter|nat|raw|mangle)$|(?:sudo )?ip6?tables(?:-\w+)? +-)/m],
    what: "rules of iptables",
    fix: `docs/from-iptables.md says what they are in a policy; ${WRITE_ONE}`,
  },
  {
    marks: [/^\s*(?:add |create )?table (?:inet|ip6?|arp|bridge|netdev) \w+|^\s*flush ruleset/m],
    what: "a ruleset of nftables",
    fix: "`sudo nft -f FILE` loads it; where `postern compile` printed it, name the policy",
  },
  {
    marks: [/^(?:\S+ )+(?:ssh-|sk-ssh-|ecdsa-|sk-ecdsa-)[\w@.-]+ AAAA/m],
    what: "a file of SSH keys",
    fix: "name it in the policy, as `signers:` below `signed:` of a door",
  },
  {
    marks: [/^\s*(?:PermitRootLogin|PasswordAuthentication|ListenAddress|AuthorizedKeysFile)\s/im],
    what: "a configuration of sshd",
    fix: WRITE_ONE,
  },
  { marks: [/^<\?xml /], what: "XML", fix: WRITE_ONE },
  {
    marks: [/^\s*\[[\w .@-]+\]\s*$/m, /^\s*[\w.-]+\s*=/m],
    what: "an INI file, such as those of systemd and fail2ban",
    fix: WRITE_ONE,
  },
];

/** A file that names doors is a policy, whatever else is wrong with it. */
const HAS_DOORS = /^\s*\{?\s*"?doors"?\s*:/m;

/**
 * What a text is that could not be read as a policy; undefined where nobody knows. Every problem
 * that its parser found would be about the wrong language.
 */
export function foreignProblem(source: Source): Problem | undefined {
  const { text } = source;
  if (HAS_DOORS.test(text)) return undefined;
  const known = FOREIGN.find(({ marks }) => marks.every((mark) => mark.test(text)));
  const found = known ?? jsonIn(text);
  if (found === undefined) return undefined;
  const [mark] = found.marks;
  const at = mark === undefined ? 0 : text.search(mark);
  const start = at + (/^\s*/.exec(text.slice(at))?.[0].length ?? 0);
  const end = text.indexOf("\n", start);
  const place = placeOf(source, start, end === -1 ? text.length : end);
  return problemAt(place, "not-a-policy", `this is ${found.what}, and not a policy`, found.fix);
}

function jsonIn(text: string): Foreign | undefined {
  if (!/^\s*[{[]/.test(text)) return undefined;
  try {
    JSON.parse(text);
  } catch {
    return undefined;
  }
  const what = /^\s*\{\s*"nftables"\s*:/.test(text) ? "a ruleset of nftables, as JSON" : "JSON";
  return { marks: [], what, fix: WRITE_ONE };
}
