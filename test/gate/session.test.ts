import { describe, expect, test } from "vitest";
import { findSession } from "../../src/gate/session.ts";
import { printAddress } from "../../src/policy/address.ts";
import { fakeHost } from "../setup/fake-host.ts";

async function sessionOf(
  environment: Readonly<Record<string, string>>,
  files: Readonly<Record<string, string>> = {},
): Promise<string | undefined> {
  const session = await findSession(fakeHost({ environment, files }));
  if (session === undefined) return undefined;
  const { source, sourcePort, destination, destinationPort } = session;
  return `${printAddress(source)} ${sourcePort} ${printAddress(destination)} ${destinationPort}`;
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
