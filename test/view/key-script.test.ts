import { spawnSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import type { Port } from "../../src/policy/policy.ts";
import { bytesOf, tokenMaker } from "../../src/token/index.ts";
import { printKeyScript, scriptDoors, scriptName } from "../../src/view/key-script.ts";
import { holderOf } from "./key-holder.ts";

const DOORS = `doors:
  ssh: { protects: [udp/22, tcp/2000-2002], token: { carriers: [tls/443, http/8080, ping] } }
  vpn: { protects: udp/51820, open-for: 2m, token: { carriers: [dns/53] } }
  web: { protects: tcp/444, single-use: true, token: { carriers: [udp/1] } }
  tls: { protects: tcp/1, token: { carriers: [tls/443] } }
  old: { protects: tcp/2, sequence: { steps: [21001, udp/24040] } }
`;
const SCRIPT = printKeyScript(holderOf(DOORS));

test.each(["gate.example.org", "fe80::1%eth0"])(
  "shellcheck finds nothing in the script for %s",
  (host) => {
    const { stdout, status } = spawnSync("shellcheck", ["-"], {
      input: printKeyScript(holderOf(DOORS, host)),
      encoding: "utf8",
    });
    expect({ stdout, status }).toEqual({ stdout: "", status: 0 });
  },
);

test.each(["dash", "bash"])("%s makes the labels that the kernel is given", (shell) => {
  const slots = Array.from({ length: 12 }, (_, n) => 176_400_000 + n * 2 ** 30);
  const [functions] = SCRIPT.split("# --- the slot ---");
  const lines = `door=vpn carrier=dns/53
for slot in ${slots.join(" ")}; do
  base32 "$(hmac | hexadecimal | cut -c 1-20)"
  echo
done`;
  const { stdout } = spawnSync(shell, ["-c", `${functions}${lines}`], { encoding: "utf8" });
  const make = tokenMaker(bytesOf(holderOf(DOORS).key), "vpn", { kind: "dns", port: 53 as Port });
  const labels = slots.map((slot) => make(slot).toString());
  expect(stdout.trimEnd().split("\n")).toEqual(labels);
  expect(new Set(labels.join("")).size).toBe(32);
});

describe("the script tells", () => {
  test("each door with its carriers in order, what tells that it is open, and for how long", () => {
    expect(SCRIPT).toContain(`
    ssh) carriers='http/8080 ping' port=2000 open_for=10s ;;
    vpn) carriers='dns/53' port='' open_for=2m ;;
    web) carriers='udp/1' port='' open_for=10s ;;
    *) return 1 ;;
`);
  });

  test("that tls is left out, where a door has it", () => {
    expect(SCRIPT).toContain("# The carrier `tls` is left out");
    expect(
      printKeyScript(holderOf(DOORS.replace("tls/443, ", "").replace(/ {2}tls:.*\n/, ""))),
    ).not.toContain("tls");
  });

  test("an IPv6 address with brackets where curl wants them, and a zone as in URLs", () => {
    expect(printKeyScript(holderOf(DOORS, "fe80::1%eth0"))).toContain(
      "host='fe80::1%eth0'\nauthority='[fe80::1%25eth0]'\n",
    );
    expect(scriptName("fe80::1%eth0")).toBe("knock-fe80--1-eth0.sh");
  });
});

test("a door that only a ClientHello opens, or only a sequence, is none of a script", () => {
  expect(scriptDoors(holderOf(DOORS)).map(({ name }) => name)).toEqual(["ssh", "vpn", "web"]);
  const none = holderOf(`doors:\n${DOORS.split("\n").slice(4).join("\n")}`);
  expect(scriptDoors(none)).toEqual([]);
  expect(() => printKeyScript(none)).toThrow("no door that a script can open");
});
