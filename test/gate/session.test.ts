import { describe, expect, test } from "vitest";
import { findSession, whenBegun } from "../../src/gate/session.ts";
import { type Address, parseAddress, printAddress } from "../../src/policy/address.ts";
import { fakeHost, prints } from "../setup/fake-host.ts";

async function sessionOf(
  environment: Readonly<Record<string, string>>,
  files: Readonly<Record<string, string>> = {},
): Promise<string | undefined> {
  const session = await findSession(fakeHost({ environment, files }));
  if (session === undefined) return undefined;
  const { source, sourcePort, destination, destinationPort } = session;
  return `${printAddress(source)} ${sourcePort} ${printAddress(destination)} ${destinationPort}`;
}

function addressOf(text: string): Address {
  const address = parseAddress(text);
  if (address === undefined) throw new Error(`addressOf: ${text} is no address`);
  return address;
}

/** bash (pid 20) of an SSH session, sudo (30) in it, and the command. */
const UNDER_SUDO = {
  "/proc/self/status": "Name:\tnode\nPPid:\t30\n",
  "/proc/30/status": "Name:\tsudo\nPPid:\t20\n",
  "/proc/30/environ": "PATH=/bin\0SUDO_USER=ada\0",
  "/proc/20/status": "Name:\tbash\nPPid:\t1\n",
  "/proc/20/environ": "HOME=/home/ada\0SSH_CONNECTION=192.0.2.7 51234 198.51.100.1 22\0",
  "/proc/1/status": "Name:\tinit\nPPid:\t0\n",
};

describe("the connection over which a command was typed", () => {
  test("is what sshd says", async () => {
    const SSH_CONNECTION = "2001:db8::7 51234 2001:db8::1 2222";
    expect(await sessionOf({ SSH_CONNECTION })).toBe(SSH_CONNECTION);
  });

  test("is found through sudo, which hides it", async () => {
    expect(await sessionOf({}, UNDER_SUDO)).toBe("192.0.2.7 51234 198.51.100.1 22");
  });

  test("is that of IPv4 where sshd writes it as IPv6", async () => {
    const SSH_CONNECTION = "::ffff:192.0.2.7 51234 ::ffff:198.51.100.1 22";
    expect(await sessionOf({ SSH_CONNECTION })).toBe("192.0.2.7 51234 198.51.100.1 22");
  });

  test("may be from a neighbour on the link", async () => {
    const SSH_CONNECTION = "fe80::7%eth0 51234 fe80::1%eth0 22";
    expect(await sessionOf({ SSH_CONNECTION })).toBe("fe80::7 51234 fe80::1 22");
  });

  test("is none at a console", async () => {
    const { "/proc/20/environ": _, ...console } = UNDER_SUDO;
    expect(await sessionOf({}, console)).toBeUndefined();
  });

  test.each([
    "",
    "nonsense",
    "192.0.2.7 0 198.51.100.1 22",
    "192.0.2.7 1 198.51.100.1 22 5",
    "a b c d",
  ])("is none where somebody wrote %j", async (SSH_CONNECTION) => {
    expect(await sessionOf({ SSH_CONNECTION })).toBeUndefined();
  });

  test("is not looked for without end in a process table that turns in a circle", async () => {
    const circle = {
      "/proc/self/status": "PPid:\t5\n",
      "/proc/5/status": "PPid:\t6\n",
      "/proc/6/status": "PPid:\t5\n",
    };
    expect(await sessionOf({}, circle)).toBeUndefined();
  });
});

describe("when a connection began", () => {
  const SESSION = {
    source: addressOf("192.0.2.7"),
    sourcePort: 51234,
    destination: addressOf("198.51.100.1"),
    destinationPort: 22,
  };
  const stat = (name: string, start: number) => `1 (${name}) S ${"0 ".repeat(18)}${start} 0\n`;
  const hostOf = (socket: string, files: Readonly<Record<string, string>>) => {
    const host = fakeHost({ files: { "/proc/uptime": "1000.00 1\n", ...files } });
    const run: typeof host.run = (argv) =>
      Promise.resolve(prints(argv[0] === "ss" ? socket : stat("cat", 5_000_000)));
    return { ...host, run };
  };
  const SOCKET =
    '0 0 198.51.100.1:22 192.0.2.7:51234 users:(("sshd",pid=20,fd=4),("sshd",pid=21,fd=4))\n';

  test("is when the first process that has it was started", async () => {
    const files = {
      "/proc/20/stat": stat("sshd", 5_000_000 - 3000),
      "/proc/21/stat": stat("a) S 7 (b", 5_000_000 - 2000),
    };
    expect(await whenBegun(hostOf(SOCKET, files), SESSION)).toBe(970);
  });

  test.each([
    ["of a process that is gone", SOCKET],
    ["of somebody else", SOCKET.replace("51234", "51235")],
    ["at another port", SOCKET.replace(":22 ", ":222 ")],
    ["that no process has", "0 0 198.51.100.1:22 192.0.2.7:51234\n"],
  ])("cannot be told from one %s", async (_, socket) => {
    expect(await whenBegun(hostOf(socket, {}), SESSION)).toBeUndefined();
  });
});
