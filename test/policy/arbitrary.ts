/** Policies at random: valid ones, ones with a fault put in, and texts that look like YAML. */
import fc from "fast-check";
import { stringify } from "yaml";
import type { Json, JsonObject } from "../../src/policy/shape/shape.ts";

/** Ports of doors stay below, those of steps above, so that no step is protected. */
const FIRST_STEP_PORT = 30_000;

const duration = fc.oneof(
  fc.integer({ min: 1, max: 86_400 }).map((count) => `${count}s`),
  fc.integer({ min: 1, max: 1440 }).map((count) => `${count}m`),
  fc.integer({ min: 1, max: 24 }).map((count) => `${count}h`),
);

const doorName = fc
  .stringMatching(/^[a-z][a-z0-9-]{0,31}$/)
  .filter((name) => !["y", "n", "yes", "no", "on", "off", "true", "false", "null"].includes(name));

const stepPort = fc.integer({ min: FIRST_STEP_PORT, max: 65_535 });
const step: fc.Arbitrary<Json> = fc.oneof(
  stepPort,
  stepPort.map((port) => `tcp/${port}`),
  stepPort.map((port) => `udp/${port}`),
  fc.integer({ min: 0, max: 1232 }).map((length) => `ping/${length}`),
);

const sequence = optional(
  {
    steps: fc.array(step, { minLength: 1, maxLength: 16 }),
    within: duration,
    watch: fc
      .tuple(stepPort, stepPort)
      .map((ports) => `${Math.min(...ports)}-${Math.max(...ports)}`),
  },
  ["steps"],
);

const addresses = fc.uniqueArray(
  fc
    .oneof(
      fc.ipV4(),
      fc.integer({ min: 0, max: 255 }).map((byte) => `10.${byte}.0.0/16`),
      fc.integer({ min: 0, max: 0xffff }).map((group) => `2001:db8:${group.toString(16)}::/48`),
      fc.integer({ min: 0, max: 0xffff }).map((group) => `fd00::${group.toString(16)}`),
    )
    .filter((text) => !/^10\.\d+\.\d+\.\d+$/.test(text)),
  { minLength: 1, maxLength: 5 },
);

/** A door that protects the `index`th of its policy's services. */
function door(index: number): fc.Arbitrary<JsonObject> {
  const first = 1 + index * 100;
  const services = [
    `tcp/${first}`,
    `udp/${first + 1}-${first + 9}`,
    `tcp/${first + 50}-${first + 50}`,
  ];
  const protects = fc.oneof(
    fc.constantFrom<Json[]>(...services),
    fc.subarray(services, { minLength: 1 }),
  );
  return fc
    .record({ protects, rest: doorKeys })
    .map(({ protects, rest }) => ({ protects, ...rest }));
}

const doorKeys: fc.Arbitrary<JsonObject> = optional({
  "open-for": duration,
  "single-use": fc.boolean(),
  refuse: fc.constantFrom("drop", "reset"),
  destinations: addresses,
  "session-idle": duration,
  sequence,
});

const doors: fc.Arbitrary<JsonObject> = fc
  .uniqueArray(doorName, { minLength: 1, maxLength: 4 })
  .chain((names) =>
    fc
      .tuple(...names.map((_, index) => door(index)))
      .map((contents) =>
        Object.fromEntries(names.map((name, index) => [name, contents[index] ?? {}])),
      ),
  );

/** Of two names or patterns that may match one interface, a policy can say too much. */
function meet(one: string, other: string): boolean {
  return one.startsWith(other) || other.startsWith(one);
}

function bareName(entry: string): string {
  return entry.replace(/[!*]/g, "");
}

/** A policy without a problem, as data. */
export const validPolicy: fc.Arbitrary<JsonObject> = optional(
  {
    backend: fc.constantFrom("auto", "nftables", "iptables"),
    interfaces: fc.uniqueArray(
      fc
        .stringMatching(/^!?[a-z]{2,6}[0-9._@:-]{0,8}\*?$/)
        .filter((name) => !/^(!?lo|on|no)$/.test(name)),
      { minLength: 1, maxLength: 3, comparator: meet, selector: bareName },
    ),
    trusted: addresses,
    "ipv6-prefix": fc.integer({ min: 48, max: 128 }),
    log: fc.boolean(),
    ban: fc.record({
      after: fc.integer({ min: 1, max: 1000 }),
      within: duration,
      for: duration,
      "ipv6-prefix": fc.integer({ min: 48, max: 128 }),
    }),
    doors,
  },
  ["doors"],
);

/** What stands in policies, right and wrong, and what YAML has signs for. */
const FRAGMENTS = [
  ...Array.from("[]{},:-?|>&*!%@`#'\"~\\\t\n\r "),
  ...["doors:", "ssh:", "protects:", "sequence:", "steps:", "ban:", "trusted:", "watch:"],
  ...["tcp/22", "51001", "udp/1-2", "ping/63", "10s", "010", "0x1", "1e3", "yes", "null", "<<:"],
  ...[
    "&a ",
    "*a",
    "!!str ",
    "---\n",
    "...\n",
    "%YAML 1.1\n",
    "\r\n",
    "\n  ",
    "\n    ",
    "\n- ",
    ": ",
  ],
  ...[
    "10.0.0.1/8",
    "2001:db8::",
    "\uFEFF",
    "\u202E",
    "\u2028",
    "\u0000",
    "\uD800",
    "漢",
    "é",
    "😀",
  ],
];

export const yamlSoup: fc.Arbitrary<string> = fc
  .array(fc.constantFrom(...FRAGMENTS), { maxLength: 60 })
  .map((fragments) => fragments.join(""));

/** A valid policy as people write it: on lines, or in brackets, without quotes where it can. */
const validText: fc.Arbitrary<string> = fc.oneof(
  validPolicy.map((policy) => stringify(policy, { version: "1.1" })),
  validPolicy.map((policy) => JSON.stringify(policy, undefined, 1)),
);

/** The text of a policy in which a piece was cut out, put in, or replaced. */
const brokenText: fc.Arbitrary<string> = fc
  .record({
    text: validText,
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    length: fc.integer({ min: 0, max: 12 }),
    instead: fc.oneof(fc.constant(""), fc.constantFrom(...FRAGMENTS)),
  })
  .map(({ text, at, length, instead }) => {
    const start = Math.floor(at * text.length);
    return text.slice(0, start) + instead + text.slice(start + length);
  });

/** Words that are right somewhere in a policy, or nearly. */
const WORDS = [
  ...["0", "1", "5", "22", "64", "65535", "65536", "010", "0x10", "1e3", "-5", "60000", '"64"'],
  ...["51000-55000", "9-1", "tcp/22", "22/tcp", "tcp/1", "udp/60000-61000", "ping/63", "ping/1233"],
  ...["10s", "0s", "25h", "1d", "010s", "true", "yes", "no", "null", "~", "drop", "nftables", "lo"],
  ...["10.0.0.1", "10.0.0.1/8", "010.1.1.1", "::1", '"::/0"', "::ffff:1.2.3.4", "fe80::1%eth0"],
  ...["[]", "{}", "[1, 2]", "protects", "steps", "refuse", "token", "within", "session-idle", "x"],
];

/** The text of a policy in which some words are others. */
const mistakenText: fc.Arbitrary<string> = fc
  .record({
    text: validText,
    changes: fc.array(fc.tuple(fc.nat(), fc.constantFrom(...WORDS)), {
      minLength: 1,
      maxLength: 3,
    }),
  })
  .map(({ text, changes }) => {
    const pieces = text.split(/([\w./"-]+)/);
    for (const [choice, word] of changes)
      pieces[1 + 2 * (choice % ((pieces.length - 1) / 2))] = word;
    return pieces.join("");
  });

/** A policy with a fault put in, which it may survive. */
export const spoiltText: fc.Arbitrary<string> = fc.oneof(brokenText, mistakenText);

/** A record of which all keys but the `required` ones may be absent. */
function optional(
  keys: { readonly [key: string]: fc.Arbitrary<Json> },
  required: readonly string[] = [],
): fc.Arbitrary<JsonObject> {
  return fc.record(keys, { requiredKeys: [...required] }) as fc.Arbitrary<JsonObject>;
}
