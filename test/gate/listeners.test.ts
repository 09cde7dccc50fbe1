/** What `ss` says of listeners, also where a process has a name that is made to mislead. */
import { describe, expect, test } from "vitest";
import { type Listener, readListeners } from "../../src/gate/listeners.ts";
import type { Finished, Host } from "../../src/host/index.ts";
import { printAddress } from "../../src/policy/address.ts";
import { fails, fakeHost, prints } from "../setup/fake-host.ts";

const SS = "ss --no-header --numeric --listening --tcp --udp --processes";

function hostWhere(answer: Finished): Host {
  const host = fakeHost();
  return {
    ...host,
    run: (argv) => (argv.join(" ") === SS ? Promise.resolve(answer) : host.run(argv)),
  };
}

async function listenersIn(stdout: string): Promise<readonly Listener[]> {
  return await readListeners(hostWhere(prints(stdout)));
}

/** `protocol/port at address, of process`. */
function inWords({ protocol, port, address, process, ...is }: Listener): string {
  const kind = `${is.isEveryAddress ? " every" : ""}${is.isLoopback ? " loopback" : ""}`;
  return `${protocol}/${port}${kind} at ${printAddress(address)} of ${process ?? "?"}`;
}

test("every listener is told with its address, port and process", async () => {
  const listeners =
    await listenersIn(`udp UNCONN 0 0 0.0.0.0%eth0:68 0.0.0.0:* users:(("dhclient",pid=7,fd=6))
tcp   LISTEN 0      128        192.0.2.1:22        0.0.0.0:* users:(("sshd",pid=9,fd=3),("init",pid=1,fd=44))
tcp   LISTEN 0      128                *:443             *:*
tcp   LISTEN 0      128  [2001:db8::1%eth0]:80        [::]:* users:(("my web",pid=10,fd=3))
tcp   LISTEN 0      128   [::ffff:192.0.2.2]:81          *:*
tcp   LISTEN 0      128             [::]:22         [::]:*
tcp   LISTEN 0      128        127.0.0.53:53        0.0.0.0:*
udp   UNCONN 0      0            [::1]:53           [::]:*
`);
  expect(listeners.map(inWords)).toEqual([
    "udp/68 every at 0.0.0.0 of dhclient",
    "tcp/22 at 192.0.2.1 of sshd",
    "tcp/443 every at :: of ?",
    "tcp/80 at 2001:db8::1 of my web",
    "tcp/81 at 192.0.2.2 of ?",
    "tcp/22 every at :: of ?",
    "tcp/53 loopback at 127.0.0.53 of ?",
    "udp/53 loopback at ::1 of ?",
  ]);
});

describe("a process's name", () => {
  test.each([
    ['a",pid=7,fd=3"', 'a",pid=7,fd=3"'],
    ['a",pid=7,fd=3)', "a"],
    ["b\nc", "b\nc"],
    ["\nudp UNCONN 0 0", undefined],
    ["\ntcp LISTEN 0 1", undefined],
    ["\u001b[31mred", "\u001b[31mred"],
    ["", ""],
  ])("of %j makes no listener that there is not", async (name, told) => {
    const listeners = await listenersIn(
      `tcp LISTEN 0 1 0.0.0.0:80 0.0.0.0:* users:(("${name}",pid=9,fd=3))\ntcp LISTEN 0 1 0.0.0.0:81 0.0.0.0:*\n`,
    );
    expect(listeners.map(({ port }) => port)).toEqual([80, 81]);
    expect(listeners[0]?.process).toBe(told);
  });
});

test("what is no listener is left out", async () => {
  const nonsense = "Netid State\n\ntcp ESTAB 0 0 192.0.2.1:22 192.0.2.7:4000\ntcp LISTEN 0\n";
  expect(await listenersIn(nonsense)).toEqual([]);
  expect(await listenersIn("tcp LISTEN 0 1 here:22 there:*\ntcp LISTEN 0 1 *:x *:*")).toEqual([]);
});

test.each([
  ["there is no ss", fails("spawn ENOENT", 127)],
  ["ss fails", { ...fails("Cannot open netlink socket"), stdout: "tcp LISTEN 0 1 *:22 *:*\n" }],
])("where %s there are none", async (_, answer) => {
  expect(await readListeners(hostWhere(answer))).toEqual([]);
});
