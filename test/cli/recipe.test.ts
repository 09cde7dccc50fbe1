/** Lines for those who knock without Postern. That they open doors is not asked here. */
import { expect, test } from "vitest";
import { prints } from "../setup/fake-host.ts";
import { hostWith, IP } from "./init-scene.ts";
import { postern } from "./run.ts";

const POLICY = `doors:
  ssh: { protects: tcp/22, sequence: { steps: [5001, udp/4001] } }
  web: { protects: tcp/443, sequence: { steps: [ping/3, ping/63] } }
  hand: { protects: tcp/25 }
`;
const PROFILES = `hosts:
  gate.example: { doors: { ssh: { protects: tcp/22, sequence: { steps: [7001] } } } }
  2001:db8::5: { doors: { ssh: { protects: tcp/22, sequence: { steps: [8001] } } } }
`;

function hostOf({ address = prints('[{"addr_info":[{"local":"192.0.2.5"}]}]') } = {}) {
  return hostWith({
    files: {
      "/etc/postern/policy.yaml": POLICY,
      "other.yaml": POLICY.replace("5001", "9001"),
      "/root/.config/postern/hosts.yaml": PROFILES,
    },
    environment: { HOME: "/root" },
    programs: { [IP]: address },
  });
}

const recipe = (line: string, host = hostOf()) => postern(`profile recipe ${line}`, host);

test("without a tool there is a line for each", async () => {
  const { exit, stdout } = await recipe("ssh");
  expect(exit).toBe(0);
  const tools = stdout.trimEnd().split("\n");
  expect(tools.map((line) => line.split(" ")[0])).toEqual([
    ...["knock", "nc", "nmap", "bash", "curl", "powershell"],
  ]);
  expect(stdout).toMatch(/^knock {7}knock -d 200 192\.0\.2\.5 5001 4001:udp\n/);
});

test("for one tool there is its line alone, ready to be run", async () => {
  const { exit, stdout } = await recipe("ssh --for knock");
  expect([exit, stdout]).toEqual([0, "knock -d 200 192.0.2.5 5001 4001:udp\n"]);
});

test("the door may be of another policy", async () => {
  const { stdout } = await recipe("ssh other.yaml --for knock");
  expect(stdout).toBe("knock -d 200 192.0.2.5 9001 4001:udp\n");
});

test("a door of the profiles is called by its host and its name", async () => {
  const { exit, stdout, stderr } = await recipe("gate.example:ssh --for knock");
  expect([exit, stdout, stderr]).toEqual([0, "knock -d 200 gate.example 7001\n", ""]);
  const ipv6 = "knock -d 200 2001:db8::5 8001\n";
  expect((await recipe("[2001:db8::5]:ssh --for knock")).stdout).toBe(ipv6);
  expect((await recipe("2001:db8::5 --for knock")).stdout).toBe(ipv6);
});

test.each(["ssh", "gate.example:ssh"])("--host is what the host of %s is called", async (door) => {
  const { exit, stdout, stderr } = await recipe(`${door} --host Away.example --for nc`);
  expect([exit, stderr]).toEqual([0, ""]);
  expect(stdout).toContain("nc -z -w 1 away.example ");
});

test("that clients may know another address of this host is said, and not in the line", async () => {
  const { stderr } = await recipe("ssh --for nc");
  expect(stderr).toBe(
    "postern: if this host is not known as 192.0.2.5 elsewhere, name it with --host NAME\n",
  );
});

test("where nobody can tell the address, there is a word in its place", async () => {
  const { exit, stdout, stderr } = await recipe(
    "ssh --for knock",
    hostOf({ address: prints("[]") }),
  );
  expect([exit, stdout]).toEqual([0, "knock -d 200 HOST 5001 4001:udp\n"]);
  expect(stderr).toContain("HOST is this host as it is known elsewhere; --host NAME puts it in");
});

test.each([
  [
    "ssh --for ping",
    "ping knows nothing of ports, and steps of the door ssh are ports [no-recipe]",
    "write --for with one of knock, nc, nmap, bash, curl, powershell",
  ],
  [
    "web --for curl",
    "every step of the door web is a ping, and curl sends none [no-recipe]",
    "write --for with one of ping, powershell",
  ],
  [
    "ssh --for wget",
    '"wget" is no tool that there are recipes for [unknown-word]',
    "write one of knock, nc, nmap, bash, curl, powershell, ping, or leave out --for",
  ],
  ["hand", "the door hand has no sequence, and there is nothing to knock", "postern open"],
  ["sssh", 'the policy has no door "sssh" [no-such-door]', "its doors are ssh, web, hand"],
  ["gate.example:web", 'the profile of gate.example has no door "web"', "its doors are ssh"],
  ["else.example:ssh", "there is no profile of else.example", "profile add else.example"],
  ["gate.example:ssh other.yaml", "is a door of your profiles, and not one of", "leave out the"],
  ["ssh --host a;b", '"a;b" is neither the name of a host nor an address', "write a name such as"],
])("%s is refused, and no line is shown", async (line, what, fix) => {
  const { exit, stdout, stderr } = await recipe(line);
  expect([exit, stdout]).toEqual([1, ""]);
  expect(stderr).toContain(what);
  expect(stderr).toContain(fix);
});

test("a wrong tool and a wrong door are told at once", async () => {
  const { stderr } = await recipe("sssh --for wget");
  expect(stderr).toContain("[unknown-word]");
  expect(stderr).toContain("[no-such-door]");
});
