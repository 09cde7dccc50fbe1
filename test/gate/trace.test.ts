/** What a trace asks of the host, and what it makes of answers that no kernel should give. */
import { describe, expect, test } from "vitest";
import { type TraceEvent, traceSource } from "../../src/gate/index.ts";
import type { Host, Running } from "../../src/host/index.ts";
import { address } from "../scenarios/arbitrary.ts";
import { type FakeHost, fails, fakeHost, LOAD } from "../setup/fake-host.ts";
import { programOf } from "../setup/policy.ts";
import { listingOf } from "./listings.ts";

const GATE = listingOf(
  programOf("doors: { ssh: { protects: tcp/22, sequence: { steps: [51001, 54040] } } }"),
);
const IPV4 = address("192.0.2.7");

interface Script {
  /** What the nft that owns the table answers when it is asked for it. */
  readonly owner?: readonly string[];
  /** What the monitor tells, once it has told of the change; TABLE is the name of ours. */
  readonly monitor?: readonly string[];
  /** How the monitor ends. */
  readonly status?: number;
  readonly isDeaf?: boolean;
}

interface Started extends Host {
  readonly fake: FakeHost;
  readonly argvs: (readonly string[])[];
  readonly written: string[];
  readonly inputsClosed: () => number;
}

/** A host on which the programs of a trace run as the script says. */
function hostWith({ owner = ["}"], monitor = [], status = 124, isDeaf = false }: Script): Started {
  const fake = fakeHost({ tables: [GATE] });
  const argvs: (readonly string[])[] = [];
  const written: string[] = [];
  let closed = 0;
  const table = () =>
    /postern_trace_[0-9a-f]{8}/.exec([...written, ...fake.loaded()].join(""))?.[0] ?? "";
  return {
    ...fake,
    fake,
    argvs,
    written,
    inputsClosed: () => closed,
    start: (argv): Running => {
      argvs.push(argv);
      const isMonitor = argv.includes("monitor");
      const heard = `add counter inet ${table()} heard_1 { packets 0 bytes 0 }`;
      const told = isMonitor ? [...(isDeaf ? [] : [heard]), ...monitor] : owner;
      const left = told.map((line) => line.replaceAll("TABLE", table()));
      return {
        pid: 1,
        lines: {
          async *[Symbol.asyncIterator]() {
            for (let line = left.shift(); line !== undefined; line = left.shift()) yield line;
          },
        },
        write: (text) => written.push(text),
        closeInput: () => {
          closed += 1;
        },
        stop: () => undefined,
        ended: Promise.resolve(isMonitor ? status : 0),
      };
    },
  };
}

async function trace(host: Host, source = IPV4) {
  const events: TraceEvent[] = [];
  const ended = await traceSource(host, source, 60, (event) => events.push(event));
  return { events, ended };
}

describe("the table that marks packets", () => {
  test("is one statement after the other in one line, owned by the program that holds it", async () => {
    const host = hostWith({});
    const { ended } = await trace(host);
    expect(ended).toMatchObject({ ok: true, value: { packets: 0 } });
    expect(host.argvs).toEqual([
      ["timeout", "120", "nft", "--interactive"],
      ["setpriv", "--pdeathsig", "TERM", "timeout", "60", "nft", "monitor"],
    ]);
    const [made = "", asked] = host.written;
    const table = /^add table (inet postern_trace_[0-9a-f]{8}) \{ flags owner; \}; /.exec(
      made,
    )?.[1];
    expect(made.split("\n")).toHaveLength(2);
    expect(made).toContain("prerouting ip saddr @source jump chosen; ");
    expect(made).toMatch(/ source \{ 192\.0\.2\.7 timeout 120s \}\n$/);
    expect(asked).toBe(`list table ${table}\n`);
    expect(host.inputsClosed()).toBe(1);
    expect(host.fake.loaded()).toEqual([]);
  });

  test("looks for IPv6 where IPv6 addresses are", async () => {
    const host = hostWith({});
    await trace(host, address("2001:db8::7"));
    expect(host.written[0]).toContain("{ type ipv6_addr; flags timeout; }");
    expect(host.written[0]).toContain("prerouting ip6 saddr @source jump chosen; ");
  });

  test("does nothing to a packet but to mark it", async () => {
    const host = hostWith({});
    await trace(host);
    expect(host.written[0]).not.toMatch(
      /\b(drop|reject|queue|notrack|accept|mark|redirect|dnat)\b/,
    );
  });

  test.each([
    ["a kernel without owners", ["Error: Could not process rule: Operation not supported"]],
    ["an nft that ends", []],
  ])("is loaded as others are, and deleted, with %s", async (_, owner) => {
    const host = hostWith({ owner });
    const { ended } = await trace(host);
    expect(ended.ok).toBe(true);
    const loaded = host.fake.loaded();
    const table = /^add table (inet postern_trace_[0-9a-f]{8}); /.exec(loaded[0] ?? "")?.[1];
    expect(loaded.at(-1)).toBe(`delete table ${table}\n`);
  });

  test("that cannot be loaded at all is a problem of the host", async () => {
    const host = hostWith({ owner: [] });
    const refusing: Host = {
      ...host,
      run: (argv, options) =>
        argv.join() === LOAD.join() ? Promise.resolve(fails("Error: no")) : host.run(argv, options),
    };
    expect((await trace(refusing)).ended).toMatchObject({
      problems: [{ code: "host-nft-refused" }],
    });
  });
});

describe("a monitor", () => {
  test("that never hears is a problem, and nothing is said to have begun", async () => {
    const host = hostWith({ isDeaf: true });
    const { events, ended } = await trace(host);
    expect(ended).toMatchObject({ problems: [{ code: "host-no-trace" }] });
    expect(events).toEqual([]);
    expect(host.inputsClosed()).toBe(1);
  });

  test("that ends before its time is a problem", async () => {
    const { ended } = await trace(hostWith({ status: 1 }));
    expect(ended).toMatchObject({ problems: [{ code: "host-no-trace" }] });
  });

  test("that lost lines has that said of it", async () => {
    const host = hostWith({ monitor: ["# ERROR: We lost some netlink events!"] });
    expect((await trace(host)).events).toEqual([{ kind: "begun" }, { kind: "overrun" }]);
  });
});

const MARKED = [
  'trace id a1 inet TABLE prerouting packet: iif "eth0" ip saddr 192.0.2.7 ip daddr 192.0.2.1 ip protocol udp ip length 29 udp sport 5 udp dport 53 ',
  "trace id a1 inet TABLE prerouting rule ip saddr @source jump chosen (verdict jump chosen)",
  "trace id a1 inet TABLE chosen rule meta nftrace set 1 (verdict continue)",
  "trace id a1 inet TABLE prerouting policy accept ",
];
const AT_GATE = [
  'trace id a1 inet postern prerouting packet: iif "eth0" ip saddr 192.0.2.7 ip daddr 192.0.2.1 ip protocol udp ip length 29 udp sport 5 udp dport 53 ',
  "trace id a1 inet postern prerouting policy accept ",
];

describe("of lines", () => {
  const kindsOf = async (monitor: readonly string[]) => {
    const { events } = await trace(hostWith({ monitor }));
    return events.map((event) => (event.kind === "packet" ? event.seen.kind : event.kind));
  };

  test("those of one packet make one event", async () => {
    expect(await kindsOf([...MARKED, ...AT_GATE])).toEqual(["begun", "no-door"]);
  });

  test("those of packets that another trace marks are not ours", async () => {
    const others = MARKED.map((line) => line.replaceAll("TABLE", "postern_trace_00000000"));
    expect(await kindsOf([...others, ...AT_GATE])).toEqual(["begun"]);
  });

  test("those without a beginning, and odd ones in between, are skipped", async () => {
    const odd = ["\u001b[2J", "trace id a1 inet postern", "x".repeat(100_000)];
    const lines = [...AT_GATE, ...MARKED, ...odd, ...AT_GATE, ...AT_GATE];
    expect(await kindsOf(lines)).toEqual(["begun", "no-door"]);
  });

  test("a number that comes again is another packet", async () => {
    expect(await kindsOf([...MARKED, ...MARKED, ...AT_GATE, ...MARKED, ...AT_GATE])).toEqual([
      "begun",
      "no-door",
      "no-door",
    ]);
  });

  test("a packet that another table throws away before the gate is told of", async () => {
    const dropped = "trace id a1 ip raw PREROUTING rule ip saddr 192.0.2.0/24 drop (verdict drop)";
    const { events } = await trace(hostWith({ monitor: [...MARKED, dropped] }));
    expect(events[1]).toMatchObject({
      ...{ kind: "dropped", when: "before", table: "ip raw", chain: "PREROUTING" },
      packet: { protocol: "udp", port: 53 },
    });
  });

  test("a packet of which the end is never told makes room for others", async () => {
    const many = Array.from({ length: 2000 }, (_, n) =>
      MARKED.map((line) => line.replace("id a1", `id ${(n + 16 ** 3).toString(16)}`)),
    );
    expect(await kindsOf([...many.flat(), ...MARKED, ...AT_GATE])).toEqual(["begun", "no-door"]);
  });
});

test("without a gate there is nothing to trace", async () => {
  const { ended } = await trace(fakeHost());
  expect(ended).toMatchObject({ problems: [{ code: "no-gate" }] });
});
