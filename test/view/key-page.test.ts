import { createContext, runInContext } from "node:vm";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Port } from "../../src/policy/policy.ts";
import { tokenMaker } from "../../src/token/index.ts";
import type { Holder } from "../../src/view/key/holder.ts";
import { TOKEN_SCRIPT } from "../../src/view/key/page-token.ts";
import { canBeInUrl, pageDoors, printKeyPage } from "../../src/view/key-page.ts";
import { holderOf } from "./key-holder.ts";

const DOORS = `doors:
  ssh: { protects: [tcp/22, tcp/2000-2002], token: { carriers: [ping, http/80, http/8080] } }
  irc: { protects: tcp/6665-6670, token: { carriers: [http/80] } }
  hid: { protects: tcp/444, single-use: true, refuse: reset, token: { carriers: [http/80] } }
  bad: { protects: tcp/3, token: { carriers: [http/10080] } }
  vpn: { protects: udp/51820, token: { carriers: [udp/1, tls/443] } }
  old: { protects: tcp/2, sequence: { steps: [21001, udp/24040] } }
`;

/** What its script is told. */
function told(page: string) {
  const data = /<script type="application\/json" id="gate">(.*)<\/script>/.exec(page)?.[1] ?? "";
  return JSON.parse(data) as { doors: Record<string, unknown>[] };
}

test("a browser without any cryptography makes the tokens that the kernel is given", () => {
  const sandbox = createContext({ btoa });
  runInContext(`${TOKEN_SCRIPT}; globalThis.make = tokenFor;`, sandbox);
  const make = sandbox["make"] as (...given: unknown[]) => string;
  const keys = fc.uint8Array({ minLength: 32, maxLength: 32 });
  const ports = fc.integer({ min: 1, max: 65_535 });
  const slots = fc.oneof(fc.nat(), fc.integer({ min: 2 ** 31, max: 2 ** 45 }));
  const names = fc.stringMatching(/^[a-z][a-z0-9-]{0,31}$/);
  fc.assert(
    fc.property(keys, names, ports, slots, (key, door, port, slot) => {
      const token = tokenMaker(key, door, { kind: "http", port: port as Port })(slot).toString();
      expect(make(key, door, `http/${port}`, slot)).toBe(token);
    }),
  );
});

describe("the page is told", () => {
  test("where the tokens go, and which port tells that a door is open, of those it can reach", () => {
    const { doors } = told(printKeyPage(holderOf(DOORS)));
    expect(doors).toEqual([
      {
        name: "ssh",
        carriers: [
          { name: "http/80", url: "http://gate.example.org:80/" },
          { name: "http/8080", url: "http://gate.example.org:8080/" },
        ],
        openSeconds: 10,
        openFor: "10s",
        isSilent: true,
        port: 2000,
        probe: "http://gate.example.org:2000/",
      },
      expect.objectContaining({ name: "irc", port: 6670 }),
      expect.not.objectContaining({ port: 444 }),
    ]);
    expect(doors[2]).toMatchObject({ name: "hid", isSilent: false });
  });

  test("an IPv6 address as URLs have it", () => {
    expect(printKeyPage(holderOf(DOORS, "2001:db8::1"))).toContain('"http://[2001:db8::1]:80/"');
  });
});

test.each(["fe80::1%eth0", "gate.0x1"])("%s is no host of a URL", (host) => {
  expect(canBeInUrl(host)).toBe(false);
  expect(() => printKeyPage(holderOf(DOORS, host))).toThrow("is no host of a URL");
});

test("doors that no web request opens are none of a page", () => {
  expect(pageDoors(holderOf(DOORS)).map(({ name }) => name)).toEqual(["ssh", "irc", "hid"]);
  const none = holderOf(`doors:\n${DOORS.split("\n").slice(4).join("\n")}`);
  expect(() => printKeyPage(none)).toThrow("no door that a browser can open");
});

test("what comes from outside is text, whatever is in it", () => {
  const client = `</script><b>"'&<script>`;
  const page = printKeyPage({ ...holderOf(DOORS), client } as Holder);
  expect(page).not.toContain("<b>");
  expect(page.match(/<script/g)?.length).toBe(2);
  expect(page.match(/<\/script>/g)?.length).toBe(2);
});

test("the page refers to nothing outside but the ports of the gate, and allows itself no more", () => {
  const page = printKeyPage(holderOf(DOORS));
  const policy = /content-security-policy" content="([^"]*)"/.exec(page)?.[1];
  expect(policy).toMatch(
    /^default-src 'none'; script-src 'sha256-[\w+/=]+'; style-src 'sha256-[\w+/=]+'; img-src data:; connect-src http:\/\/gate\.example\.org http:\/\/gate\.example\.org:8080 http:\/\/gate\.example\.org:2000 http:\/\/gate\.example\.org:6670; base-uri 'none'; form-action 'none'$/,
  );
  expect(page).not.toMatch(/(src|href)="(?!data:)/);
});
