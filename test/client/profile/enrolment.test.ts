import { randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import { parseProfile } from "../../../src/client/profile/enrolment.ts";
import type { ClientName, Secret } from "../../../src/policy/policy.ts";
import { printEnrolment } from "../../../src/token/index.ts";
import { policyOf } from "../../setup/policy.ts";
import { sure } from "../../setup/sure.ts";

const KEY = randomBytes(32).toString("base64url") as Secret;
const { doors } = policyOf(`doors:
  ssh: { protects: [tcp/22, udp/6000-6010], single-use: true, token: { carriers: [ping, tls/443] } }
  hand: { protects: tcp/23 }
`);
const ENROLMENT = printEnrolment("ana" as ClientName, KEY, doors);

describe("an enrolment", () => {
  test("is one line, and what a client reads in it is what the gate has printed", () => {
    expect(ENROLMENT).not.toContain("\n");
    const { client, key, doors: read } = sure(parseProfile(ENROLMENT, "stdin"));
    expect([client, key]).toEqual(["ana", KEY]);
    expect(read).toMatchObject([
      {
        name: "ssh",
        singleUse: true,
        token: { carriers: [{ kind: "ping" }, { kind: "tls", port: 443 }] },
      },
    ]);
  });

  test.each([
    ["cut off", (text: string) => text.slice(0, -9)],
    ["with a carrier that there is not", (text: string) => text.replace("tls/443", "smtp/25")],
    ["with a key twice", (text: string) => text.replace("key:", `key: "${KEY}", key:`)],
    ["with a key that is too long", (text: string) => text.replace(KEY, `${KEY}x`)],
    ["that is a list", (text: string) => `[${text}]`],
    ["that is a key alone", () => `{key: ${KEY}}`],
  ])("is refused, and no problem shows the key: %s", (_, broken) => {
    const read = parseProfile(broken(ENROLMENT), "stdin");
    expect(read.ok).toBe(false);
    expect(JSON.stringify(read)).not.toContain(KEY);
  });
});
