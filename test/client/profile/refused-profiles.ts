/** Files of profiles that are refused, for what is not as in a policy. */
import { type Refused, refused } from "../../policy/refused/row.ts";

const DOOR = "{ protects: tcp/22, sequence: { steps: [51000] } }";

export const profiles: readonly Refused[] = [
  refused(
    "an empty file",
    "«»",
    "not-profiles: write `hosts:` and, indented on the next lines, the name of a host and its `doors:`",
  ),
  refused("a list", "«- hosts»", "not-profiles"),
  refused("a word", "«hosts»", "not-profiles"),
  refused("hosts that are nothing", "«hosts»:", "no-value"),
  refused("hosts that are none", "hosts: «{}»", "empty-mapping"),
  refused(
    "a file without hosts",
    "«{}»",
    "missing-key: write `hosts:` and the name of each host and, indented under it, its `doors:`",
  ),
  refused(
    "a policy beside the hosts",
    `hosts: { gate: { doors: { ssh: ${DOOR} } } }\n«doors»: { ssh: ${DOOR} }`,
    "unknown-key: its keys are hosts",
  ),
  refused("a host that is nothing", "hosts:\n  «gate»:", "no-value"),
  refused("a host without doors", "hosts:\n  gate: «{}»", "missing-key"),
  refused(
    "doors where the names of hosts are",
    `hosts:\n  «doors»:\n    ssh: ${DOOR}`,
    "stray-key: indent it deeper than the name of a host",
  ),
  refused(
    "a host with an unknown key",
    `hosts: { gate: { doors: { ssh: ${DOOR} }, «port»: 22 } }`,
    "unknown-key: its keys are client, key, sealing-key, identity, bind, doors",
  ),
  refused(
    "a door that only a hand opens",
    "hosts: { gate: { doors: { «ssh»: { protects: tcp/22 } } } }",
    "missing-key: write `sequence:` with its `steps`, or remove the door",
  ),
  refused(
    "two such doors",
    "hosts: { gate: { doors: { «a»: { protects: tcp/22 }, «b»: { protects: tcp/23 } } } }",
    "missing-key",
    "missing-key",
  ),
  refused(
    "a host that is there twice",
    `hosts:\n  gate: { doors: { ssh: ${DOOR} } }\n  «gate»: { doors: { ssh: ${DOOR} } }`,
    "duplicate-key",
  ),
  refused(
    "a host that is there again in capitals",
    `hosts:\n  gate: { doors: { ssh: ${DOOR} } }\n  «Gate»: { doors: { ssh: ${DOOR} } }`,
    "duplicate-key: keep one of the two",
  ),
  refused(
    "a host whose name YAML turns into something else",
    `hosts: { «no»: { doors: { ssh: ${DOOR} } } }`,
    "turned-by-yaml",
  ),
  ...[
    ...["-oProxyCommand=x", "gate example", "gate;reboot", "a..b", "gate-", ".gate", "192.0.2.256"],
    ...["1.2.3", "192.0.2.1/24", "fe80::1%a b", "2001:db8::1%eth0", "__proto__", "gäte", "$(x)"],
  ].map((name) =>
    refused(
      `a host called ${name}`,
      `hosts: { «"${name}"»: { doors: { ssh: ${DOOR} } } }`,
      "not-a-host-name: write a name such as gate.example.org, or an address such as 192.0.2.1 or 2001:db8::1",
    ),
  ),
  refused(
    "a fault of a door, as in a policy",
    "hosts: { gate: { doors: { ssh: { protects: tcp/«80000», sequence: { steps: [«x»] } } } } }",
    "not-a-port",
    "not-a-step",
  ),
  refused(
    "a line that is no YAML, and nothing that only follows from it",
    "hosts:\n  gate:\n    doors: «[»",
    "unclosed-list",
  ),
];
