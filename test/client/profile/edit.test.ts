/** Changes to hosts.yaml: what is added, and what stays. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { type ClientDoor, clientDoorsOf, type Profile } from "../../../src/client/index.ts";
import { withoutHost, withProfile } from "../../../src/client/profile/edit.ts";
import { parseProfiles } from "../../../src/client/profile/profiles.ts";
import type { ClientName, HostName } from "../../../src/policy/policy.ts";
import { makeSealingKey } from "../../../src/signed/index.ts";
import { validPolicy } from "../../policy/arbitrary.ts";
import { policyOf } from "../../setup/policy.ts";
import { sure } from "../../setup/sure.ts";
import { KEY } from "../token-gate.ts";

const host = (name: string) => name as HostName;
const SEALING_KEY = makeSealingKey().publicKey;

function withDoors(text: string | undefined, host: HostName, doors: readonly ClientDoor[]): string {
  return withProfile(text, host, { doors, client: undefined, key: undefined });
}

/** A door as a policy would have it. */
function door(name: string, port = 22, step = 51000): ClientDoor {
  const text = `{ protects: tcp/${port}, sequence: { steps: [${step}] } }`;
  const [made] = clientDoorsOf(policyOf(`doors: { "${name}": ${text} }`));
  if (made === undefined) throw new Error("door: none was made");
  return made;
}

/** The hosts of a text and the names of their doors. */
function namesIn(text = ""): readonly string[] {
  return [...sure(parseProfiles(text, "hosts.yaml"))].map(
    ([host, { doors }]) => `${host}: ${doors.map(({ name }) => name).join(" ")}`,
  );
}

const LINES = `      ssh:
        protects: tcp/22
        open-for: 10s
        sequence:
          steps: [51000]
          within: 10s
`;

const TEXT = `\
# mine

hosts:
  # at the office
  Gate.example.org:
    doors:
      # the one that everybody uses
      ssh:
        protects: tcp/22 # and no other
        sequence:
          steps:
            - 51000
            - 52000 # above the first
      # not often
      web: {protects: tcp/443, sequence: {steps: [53000]}}
  home:
    doors:
      ssh: {protects: tcp/22, sequence: {steps: [54000]}}
# the end
`;

describe("a door", () => {
  test("of a first host makes a file that says what it is for", () => {
    expect(withDoors(undefined, host("gate"), [door("ssh")])).toBe(`\
# The doors that you can knock at: postern knock HOST. Whoever reads this file can open them.
hosts:
  gate:
    doors:
${LINES}`);
  });

  test("of another host comes last, and all comments stay in their order", () => {
    const text = withDoors(TEXT, host("new"), [door("ssh")]);
    expect(namesIn(text)).toEqual(["gate.example.org: ssh web", "home: ssh", "new: ssh"]);
    expect(text).toContain(`  new:\n    doors:\n${LINES}`);
    expect(commentsIn(text)).toEqual(commentsIn(TEXT));
  });

  test("of a known host comes last of its doors, whatever the case of the name", () => {
    const text = withDoors(TEXT, host("gate.example.org"), [door("more", 25)]);
    expect(namesIn(text)).toEqual(["gate.example.org: ssh web more", "home: ssh"]);
    expect(text).toContain("\n  Gate.example.org:\n");
    expect(commentsIn(text)).toEqual(commentsIn(TEXT));
  });

  test("takes the place of one of its name, and comments around it stay", () => {
    const text = withDoors(TEXT, host("gate.example.org"), [door("ssh", 23)]);
    expect(text).toContain(
      "      # the one that everybody uses\n      ssh:\n        protects: tcp/23\n",
    );
    expect(namesIn(text)).toEqual(["gate.example.org: ssh web", "home: ssh"]);
    expect(commentsIn(text)).toEqual(
      commentsIn(TEXT).filter((comment) => !/no other|above/.test(comment)),
    );
  });

  test("is put in as it was written, with single-use only where that is so", () => {
    const { name, ...rest } = door("ssh");
    const text = withDoors(undefined, host("gate"), [{ name, ...rest, singleUse: true }]);
    expect(text).toContain("        open-for: 10s\n        single-use: true\n        sequence:\n");
  });

  test("finds its place in braces, in which it then stands, too", () => {
    const flow =
      "hosts: {gate: {doors: {ssh: {protects: tcp/22, sequence: {steps: [1]}}}}} # all\n";
    const text = withDoors(flow, host("gate"), [door("web", 443)]);
    expect(text).toMatch(/^hosts: \{.*web: .*\}\} # all\n$/);
    expect(namesIn(text)).toEqual(["gate: ssh web"]);
    expect(namesIn(withDoors(flow, host("b"), [door("web", 443)]))).toEqual([
      "gate: ssh",
      "b: web",
    ]);
  });

  test("is one alone, where it stood in several places by way of an alias", () => {
    const shared =
      "hosts:\n  a: &x\n    doors:\n      ssh: {protects: tcp/22, sequence: {steps: [1]}}\n  b: *x\n";
    expect(namesIn(shared)).toEqual(["a: ssh", "b: ssh"]);
    for (const name of ["a", "b"]) {
      const text = withDoors(shared, host(name), [door("web", 443)]);
      expect(namesIn(text)).toEqual(
        ["a", "b"].map((one) => `${one}: ssh${one === name ? " web" : ""}`),
      );
      expect(text).not.toMatch(/[&*]x/);
    }
    expect(namesIn(withDoors(shared, host("c"), [door("ssh")]))).toHaveLength(3);
    expect(namesIn(withoutHost(shared, host("a")))).toEqual(["b: ssh"]);
    expect(namesIn(withoutHost(shared, host("b")))).toEqual(["a: ssh"]);
  });

  test("may stand in a file of Windows", () => {
    const text = withDoors(TEXT.replaceAll("\n", "\r\n"), host("new"), [door("ssh")]);
    expect(text).toBe(withDoors(TEXT, host("new"), [door("ssh")]));
  });

  test("of any name that a door and a host can have is read back", () => {
    const hosts = [
      "gate",
      "doors",
      "hosts",
      "constructor",
      "no",
      "null",
      "1e3",
      "0x10",
      "192.0.2.1",
    ];
    const addresses = ["2001:db8::1", "2001:db8::", "::1", "1:2:3:4:5:6:7:8", "fe80::1%eth0"];
    const names = ["ssh", "doors", "protects", "constructor", "yes", "n", "on", "true", "null"];
    let text: string | undefined;
    for (const name of [...hosts, ...addresses])
      text = withDoors(
        text,
        host(name),
        names.map((one, n) => door(one, n + 1)),
      );
    expect(namesIn(text)).toEqual(
      [...hosts, ...addresses].map((name) => `${name}: ${names.join(" ")}`),
    );
    expect(text).toContain('  "2001:db8::1":\n');
  });

  test("goes where its host stands, if that is an address in quotes", () => {
    const quoted = `hosts:\n  '2001:db8::1':\n    doors:\n${LINES}`;
    const text = withDoors(quoted, host("2001:db8::1"), [door("web", 443)]);
    expect(namesIn(text)).toEqual(["2001:db8::1: ssh web"]);
  });
});

describe("a host that is removed", () => {
  test("leaves the others as they are", () => {
    const text = withoutHost(TEXT, host("home"));
    expect(namesIn(text)).toEqual(["gate.example.org: ssh web"]);
    expect(commentsIn(text)).toEqual(commentsIn(TEXT));
  });

  test("is found whatever the case of its name", () => {
    expect(namesIn(withoutHost(TEXT, host("gate.example.org")))).toEqual(["home: ssh"]);
  });

  test("and was the last leaves no file", () => {
    const text = withDoors(undefined, host("gate"), [door("ssh")]);
    expect(withoutHost(text, host("gate"))).toBeUndefined();
  });
});

test("whatever is added to whatever is there, all is read back as it was given", () => {
  const hosts = fc.constantFrom("a", "b", "constructor", "2001:db8::1").map(host);
  const added = fc.array(
    fc.tuple(
      hosts,
      validPolicy.map((data) => clientDoorsOf(policyOf(stringify(data, { version: "1.1" })))),
    ),
    { minLength: 1, maxLength: 4 },
  );
  fc.assert(
    fc.property(added, (additions) => {
      const known = new Map<HostName, Profile>();
      let text: string | undefined;
      for (const [name, doors] of additions) {
        // Doors of two policies may not agree.
        if (doors.length === 0 || known.has(name)) continue;
        const keys = { client: "ana" as ClientName, key: KEY, sealingKey: SEALING_KEY };
        const profile = { doors, ...keys, identity: undefined, bind: undefined };
        known.set(name, profile);
        text = withProfile(text, name, profile);
      }
      if (text !== undefined) expect(sure(parseProfiles(text, "hosts.yaml"))).toEqual(known);
    }),
  );
});

function commentsIn(text = ""): string[] {
  return [...text.matchAll(/# .*/g)].map(([comment]) => comment);
}
