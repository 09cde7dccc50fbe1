/** Policies that are refused for what stands under which key, and for what doors do to each other. */
import { door, keys, refused, sequence, steps, top } from "./row.ts";

const KEYS_OF_POLICY = "its keys are backend, interfaces, trusted, ipv6-prefix, log, ban, doors";

const keyRows = [
  refused("an empty file", "«»", "not-a-policy"),
  refused("a file of comments", "«#» a policy", "not-a-policy"),
  refused("a file that is a list", "«- doors»", "not-a-policy"),
  refused("a file that is a word", "«doors»", "not-a-policy"),
  refused(
    "a policy without doors",
    "«log: true»",
    "missing-key: write `doors:` and the name of each door and, indented under it, its keys",
  ),
  refused("doors that are nothing", "«doors»:", "no-value"),
  refused("doors that are an empty mapping", "doors: «{}»", "empty-mapping"),
  refused("doors that are a list", "«doors»:\n  - ssh:\n      protects: tcp/22", "wrong-kind"),
  refused("a door that is nothing", "doors:\n  «ssh»:", "no-value"),
  refused("a door that is a service", "doors:\n  ssh: «tcp/22»", "wrong-kind"),
  refused("a door that protects nothing", "doors:\n  «ssh»:\n    refuse: drop", "missing-key"),
  refused(
    "a door whose keys stand where the names do",
    "doors:\n  «ssh»:\n  «protects»: tcp/22",
    "no-value",
    "stray-key: indent it deeper than the name of a door",
  ),
  refused(
    "a sequence that is a list",
    keys("sequence: «[1, 2]»"),
    "wrong-kind: write `steps:` with a list of them, indented, on the next line",
  ),
  refused("a sequence without steps", keys("«sequence»:\n  within: 5s"), "missing-key"),
  refused(
    "a ban without an end",
    top("ban: «{ after: 5, within: 1m }»"),
    "missing-key: write `for:` and a duration from 1s to 24h, such as 10s, 2m or 1h",
  ),
  refused("an unknown key", top("«colour»: red"), `unknown-key: ${KEYS_OF_POLICY}`),
  refused(
    "a key with a typing mistake",
    top("«trustde»: [10.0.0.1]"),
    `unknown-key: did you mean trusted? ${KEYS_OF_POLICY}`,
  ),
  refused(
    "a key with an underscore",
    top("«ipv6_prefix»: 64"),
    `unknown-key: did you mean ipv6-prefix? ${KEYS_OF_POLICY}`,
  ),
  refused(
    "a key in capitals",
    top("«LOG»: true"),
    `unknown-key: did you mean log? ${KEYS_OF_POLICY}`,
  ),
  refused(
    "a key of a door at the top",
    top("«open-for»: 5s"),
    "unknown-key: move it into a door, under its name under `doors`",
  ),
  refused(
    "a key of a sequence in a door",
    keys("«steps»: [1]"),
    "unknown-key: move it into `sequence`",
  ),
  refused(
    "a key of a door in a sequence",
    sequence("steps: [1]\n«open-for»: 5s"),
    "unknown-key: move it out of `sequence`, into the door",
  ),
  refused(
    "a key of the policy in a door",
    keys("«log»: true"),
    "unknown-key: move it out of the door, to the left margin",
  ),
  refused(
    "a key with the name of something that every object has",
    top("«constructor»: 1\n«__proto__»: 2"),
    "unknown-key",
    "unknown-key",
  ),
  refused(
    "a key of a token in a door",
    keys("«carriers»: [ping]"),
    "unknown-key: move it into `token`",
  ),
  refused(
    "a token without carriers",
    keys("«token»:\n  late: 5s"),
    "missing-key: write `carriers:` and a list of 1 to 16 carriers",
  ),
  refused(
    "a token that is a list",
    keys("token: «[ping]»"),
    "wrong-kind: write `carriers:` with a list of them, indented, on the next line",
  ),
  refused(
    "a key of a door in a token",
    keys("token:\n  carriers: [ping]\n  «open-for»: 5s"),
    "unknown-key: move it out of `token`, into the door",
  ),
  refused(
    "a carrier that is there twice",
    keys("token: { carriers: [ping, udp/53, «ping»] }"),
    "repeated-item",
  ),
  refused("a merge key", keys("«<<»: { refuse: drop }"), "merge-key"),
  refused(
    "a key that is there twice",
    keys("refuse: drop\n«refuse»: reset"),
    "duplicate-key: keep one of the two",
  ),
  refused(
    "a key that is there twice, once in quotes",
    keys('refuse: drop\n«"refuse"»: reset'),
    "duplicate-key",
  ),
  refused(
    "a door that is there twice",
    "doors:\n  a: { protects: tcp/1 }\n  «a»: { protects: tcp/1 }",
    "duplicate-key",
  ),
  refused("a key that is a list", top("? «[a]»\n: b"), "not-a-key"),
  refused(
    "services without brackets",
    door("protects: «tcp/22, tcp/23»"),
    "several-values: write commas between them, and brackets around all: [tcp/22, tcp/23]",
  ),
  refused(
    "services on lines without dashes",
    door("protects:\n  «tcp/22»\n  tcp/23"),
    "several-values",
  ),
  refused(
    "a dash in another column",
    sequence("steps:\n  - «1»\n   - 2"),
    "several-values: begin every - in the same column",
  ),
];

const doorRows = [
  refused(
    "a step on a port that the door protects",
    steps("[51000, «tcp/22»]"),
    "protected-step: choose a port that no door protects",
  ),
  refused(
    "a step of either protocol on a port that the door protects",
    steps("[51000, «22»]"),
    "protected-step",
  ),
  refused(
    "a step on a port that another door protects",
    "doors:\n  a: { protects: udp/50-60, sequence: { steps: [1, 2] } }\n  b: { protects: tcp/22, sequence: { steps: [«udp/55», 3] } }",
    "protected-step",
  ),
  refused(
    "a step on a port that another door protects elsewhere",
    "doors:\n  a: { protects: tcp/80, destinations: [192.0.2.1] }\n  b: { protects: tcp/22, sequence: { steps: [«80», 3] } }",
    "protected-step",
  ),
  refused(
    "a service twice in one list",
    door("protects: [tcp/22, «tcp/22»]"),
    "protected-twice: remove one of the two, or join them",
  ),
  refused(
    "a range over a port of the same door",
    door("protects: [tcp/20-30, «tcp/22»]"),
    "protected-twice",
  ),
  refused(
    "a port over which an earlier range reaches, past another",
    door("protects: [tcp/20-30, «tcp/21», udp/22, «tcp/29»]"),
    "protected-twice",
    "protected-twice",
  ),
  refused(
    "a port of another door",
    "doors:\n  a: { protects: tcp/22 }\n  b: { protects: «tcp/22» }",
    "protected-twice: remove it from one of them, or give both `destinations` with no address in common",
  ),
  refused(
    "a port of another door, only one of which names destinations",
    "doors:\n  a: { protects: tcp/22, destinations: [192.0.2.1] }\n  b: { protects: «tcp/22» }",
    "protected-twice",
  ),
  refused(
    "a port of another door whose destinations hold ours",
    "doors:\n  a: { protects: tcp/22, destinations: [192.0.2.0/24] }\n  b: { protects: «tcp/22», destinations: [192.0.2.7] }",
    "protected-twice",
  ),
  refused(
    "a port of another door whose destinations lie in ours",
    "doors:\n  a: { protects: tcp/22, destinations: [192.0.2.7] }\n  b: { protects: «tcp/22», destinations: [192.0.2.0/24] }",
    "protected-twice",
  ),
  refused(
    "a port of two doors that come later in the file and begin lower",
    "doors:\n  a: { protects: tcp/22 }\n  b: { protects: «tcp/1-100» }",
    "protected-twice",
  ),
];

/** Problems that others could hide, and must not; and none that others only seem to bring. */
const togetherRows = [
  refused(
    "faults everywhere",
    "backend: «none»\ntrusted: [«10.0.0.1/8», «x»]\ndoors:\n  a:\n    protects: [«22», tcp/«0»]\n    «opn-for»: 3s\n    sequence: { steps: [«tcp/70», udp/«x»], within: «3» }\n  b:\n    protects: [tcp/70]\n",
    "unknown-word",
    "host-bits",
    "not-an-address",
    "not-a-service",
    "not-a-port",
    "unknown-key",
    "protected-step",
    "not-a-port",
    "missing-unit",
  ),
  refused(
    "both of two keys that are the same",
    keys("open-for: «x»\n«open-for»: «y»"),
    "not-a-duration",
    "duplicate-key",
    "not-a-duration",
  ),
  refused(
    "a fault in what an alias repeats is told once",
    "doors:\n  a: { protects: tcp/1, sequence: &s { steps: [«0»] } }\n  b: { protects: tcp/2, sequence: *s }",
    "not-a-port",
  ),
  refused(
    "an idle time where the UDP port has a fault is none",
    door("protects: upd/53\nsession-idle: 2m").replace("upd/53", "«upd/53»"),
    "not-a-service",
  ),
  refused(
    "destinations with a fault are not every address",
    "doors:\n  a: { protects: tcp/22, destinations: [«x»] }\n  b: { protects: tcp/22, destinations: [192.0.2.1] }",
    "not-an-address",
  ),
];

export const structure = {
  keys: keyRows,
  doors: doorRows,
  together: togetherRows,
};
