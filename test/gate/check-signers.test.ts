/** Whether somebody can sign at all, and what is wrong with the file that says who. */
import { expect, test } from "vitest";
import { checkSigners } from "../../src/gate/check/signers.ts";
import type { Host } from "../../src/host/index.ts";
import { parsePlacedPolicy } from "../../src/policy/parse.ts";
import { fail, ok } from "../../src/problem/problem.ts";
import { fakeHost } from "../setup/fake-host.ts";
import { sure } from "../setup/sure.ts";

type Folders = Readonly<Record<string, readonly string[] | "closed">>;

async function said(
  doors: string,
  folders: Folders,
  home?: string,
  over: Partial<Host> = {},
): Promise<string[]> {
  const placed = sure(parsePlacedPolicy(`doors:\n${doors}`, "policy.yaml"));
  const host = fakeHost(home === undefined ? {} : { environment: { POSTERN_DIR: home } });
  const problems = await checkSigners(
    {
      ...host,
      ...over,
      listFolder: (path) => {
        const names = folders[path] ?? [];
        const closed = { code: "file-unreadable", severity: "error", what: "", fix: "" } as const;
        return Promise.resolve(
          names === "closed" ? fail(closed) : { ok: true as const, value: names },
        );
      },
    },
    placed,
  );
  return problems.map(({ severity, code, place, what }) => {
    const { text = "", column = 1, length = 0 } = place ?? {};
    return `${severity} ${code} ${text.slice(column - 1, column - 1 + length)}: ${what}`;
  });
}

const USUAL = "  ssh: { protects: tcp/22, signed: { carriers: [ping] } }\n";
const OWN = "  vpn: { protects: udp/1, signed: { carriers: [ping], signers: /srv/vpn/signers } }\n";

test("without a file of its own a door has that of Postern's folder", async () => {
  const missing = (folder: string) => [
    `warning signers-missing signed: there is no "${folder}/allowed_signers", so nobody can sign a knock at door ssh`,
  ];
  expect(await said(USUAL, {})).toEqual(missing("/etc/postern"));
  expect(await said(USUAL, { "/etc/postern": ["policy.yaml", "allowed_signers"] })).toEqual([]);
  expect(await said(USUAL, { "/etc/postern": ["allowed_signers"] }, "/srv/gate")).toEqual(
    missing("/srv/gate"),
  );
});

test("a file of its own is looked for where it is said to be, and is pointed at", async () => {
  expect(await said(OWN, { "/srv/vpn": ["signers"] })).toEqual([]);
  expect(await said(OWN, { "/srv/vpn": ["signers.old"] })).toEqual([
    'warning signers-missing signers: there is no "/srv/vpn/signers", so nobody can sign a knock at door vpn',
  ]);
});

test("what is wrong with a file is a warning, once for all doors that have it", async () => {
  const there = { "/etc/postern": ["allowed_signers"] };
  const two = USUAL + USUAL.replace("ssh", "web").replace("22", "23");
  const text = "ana ssh-ed25519 AAAA\n";
  const bad = { readText: () => Promise.resolve(ok(text)) };
  expect(await said(two, there, undefined, bad)).toEqual([
    expect.stringMatching(/^warning \S+ .*AAAA/),
  ]);
  const fault = { code: "file-untrusted", severity: "error", what: "others", fix: "" } as const;
  const exposed = { checkFile: () => Promise.resolve(fail(fault)) };
  expect(await said(two, there, undefined, exposed)).toEqual(["warning file-untrusted : others"]);
});

test("each door is told of for itself", async () => {
  expect(await said(USUAL + OWN, {})).toHaveLength(2);
});

test("nothing is said of a folder into which one may not look, nor of doors without signed knocks", async () => {
  expect(await said(USUAL, { "/etc/postern": "closed" })).toEqual([]);
  expect(await said("  ssh: { protects: tcp/22, token: { carriers: [ping] } }\n", {})).toEqual([]);
});
