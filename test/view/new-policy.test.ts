/** The text of a first policy. What a check says of it, test/check/fresh.test.ts shows. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseAddress } from "../../src/policy/address.ts";
import { parseDoorName } from "../../src/policy/value/name.ts";
import { parseSeconds } from "../../src/policy/value/seconds.ts";
import { parseService } from "../../src/policy/value/service.ts";
import { type NewPolicy, renderNewPolicy } from "../../src/view/new-policy.ts";
import { policyOf } from "../setup/policy.ts";
import { sure } from "../setup/sure.ts";

function newPolicy(changes: Partial<NewPolicy> = {}): NewPolicy {
  return {
    door: sure(parseDoorName({ text: "ssh" })),
    service: sure(parseService({ text: "tcp/22" })),
    process: "sshd",
    openForSeconds: sure(parseSeconds({ text: "90s" })),
    singleUse: true,
    trusted: [],
    sequence: {
      steps: [
        { protocol: "tcp", port: 5001 },
        { protocol: "udp", port: 4001 },
      ],
      watch: { first: 3000, last: 7000 },
    },
    ...changes,
  };
}

const addressOf = (text: string) => {
  const address = parseAddress(text);
  if (address === undefined) throw new Error(`addressOf: ${text}`);
  return address;
};

describe("the text of a first policy", () => {
  test("means what was chosen", () => {
    const trusted = ["192.0.2.7", "2001:db8::", "::1.2.3.4"].map(addressOf);
    expect(policyOf(renderNewPolicy(newPolicy({ trusted })))).toMatchObject({
      trusted: trusted.map((first) => ({ first })),
      ban: undefined,
      doors: [
        {
          name: "ssh",
          protects: [{ protocol: "tcp", ports: { first: 22, last: 22 } }],
          openForSeconds: 90,
          singleUse: true,
          sequence: {
            steps: [
              { kind: "port", protocol: "tcp", port: 5001 },
              { kind: "port", protocol: "udp", port: 4001 },
            ],
            withinSeconds: 10,
            watch: { first: 3000, last: 7000 },
          },
        },
      ],
    });
  });

  test("has a line of words above every key, and none is wider than a screen", () => {
    const lines = renderNewPolicy(newPolicy()).split("\n");
    const unexplained = lines.filter(
      (line, n) => /^ {2,}[a-z-]+:/.test(line) && !lines[n - 1]?.includes("# "),
    );
    expect(unexplained).toEqual(["    sequence:"]);
    for (const line of lines) expect(line.length).toBeLessThan(100);
  });

  test("says of UDP how long a session lasts, and of TCP nothing", () => {
    const service = sure(parseService({ text: "udp/51820" }));
    expect(renderNewPolicy(newPolicy({ service }))).toContain("    session-idle: 2m\n");
    expect(renderNewPolicy(newPolicy())).not.toContain("session-idle");
  });

  test("what stands there commented out is right, too", () => {
    const commented = renderNewPolicy(newPolicy()).replaceAll(/^# (trusted|ban):/gm, "$1:");
    expect(policyOf(commented)).toMatchObject({ trusted: [{}], ban: { after: 5 } });
  });

  test("names the process, and is not led astray by what that calls itself", () => {
    expect(renderNewPolicy(newPolicy())).toContain("# This is sshd. ");
    const plain = policyOf(renderNewPolicy(newPolicy({ process: undefined })));
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.constant("x\ntrusted: [0.0.0.0/1]\n#")), (process) => {
        expect(policyOf(renderNewPolicy(newPolicy({ process })))).toEqual(plain);
      }),
    );
  });
});
