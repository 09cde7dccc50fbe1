/** What else comes to the ports of a sequence. */
import { describe, expect, test } from "vitest";
import type { Surroundings } from "../../src/gate/check/surroundings.ts";
import type { Listener } from "../../src/gate/listeners.ts";
import { ALL_SAFE, KNOCKED, listener, marked, problemsOf, SSH, told } from "./around.ts";

const behind = [22, 2200].map((port) => listener("tcp", "::", port));

describe("a watch range over the ports that this host asks from", () => {
  const LINUX = { range: { first: 32_768, last: 60_999 }, reserved: [] };

  test("moves out of them, the shortest way", () => {
    expect(told(KNOCKED, { ephemeral: LINUX })).toEqual([
      "warning watch-over-ephemeral: the watch range 51001-54040 of door ssh meets the ports that this host asks from (32768-60999): an answer over UDP from somebody who is knocking starts them over; move it: `steps: [61001, udp/64040, tcp/62777]`, the same in other ports",
    ]);
    expect(marked(KNOCKED, { ephemeral: LINUX })).toEqual(["watch-over-ephemeral 4: 51001"]);
  });

  test("that is written moves with its steps, and keeps what is a ping", () => {
    const policy = `${SSH}    sequence: { steps: [ping/63, 59001, 58002], watch: 58000-61000 }\n`;
    const [problem] = problemsOf(policy, { ephemeral: LINUX });
    expect(problem?.fix).toBe(
      "move it: `steps: [ping/63, 62001, 61002]` and `watch: 61000-64000`, the same in other ports",
    );
    expect(marked(policy, { ephemeral: LINUX })).toEqual(["watch-over-ephemeral 4: watch"]);
  });

  const fixOf = (around: Partial<Surroundings>, policy = KNOCKED) =>
    problemsOf(policy, { ephemeral: LINUX, ...around })[0]?.fix;

  test("goes below where there is no room above", () => {
    const ephemeral = { range: { first: 32_768, last: 65_000 }, reserved: [] };
    expect(fixOf({ ephemeral })).toContain("`steps: [29001, udp/32040, tcp/30777]`");
  });

  test("keeps clear of listeners, other doors and their sequences", () => {
    const listeners = [...behind, listener("udp", "0.0.0.0", 61_500)];
    expect(fixOf({ listeners })).toContain("[62001, ");
    const door = "  web: { protects: tcp/61500 }\n";
    expect(fixOf({}, `${KNOCKED}${door}`)).toContain("[62001, ");
    const steps = "  web: { protects: tcp/443, sequence: { steps: [65200, 65100] } }\n";
    expect(fixOf({}, `${KNOCKED}${steps}`)).toContain("[61001, ");
    const more = "  all: { protects: tcp/444, sequence: { steps: [61900, 61800] } }\n";
    expect(fixOf({}, `${KNOCKED}${steps}${more}`)).toContain("[62001, ");
  });

  test("goes where no other that moves goes", () => {
    const other = "  web: { protects: tcp/443, sequence: { steps: [52501, 53501] } }\n";
    const fixes = problemsOf(`${KNOCKED}${other}`, { ephemeral: LINUX }).map(({ fix }) => fix);
    expect(fixes).toEqual([
      expect.stringContaining("[61001, udp/64040, tcp/62777]"),
      expect.stringContaining("[64501, 65501]"),
    ]);
  });

  test("moves only to where no scan opens it", () => {
    const [problem] = problemsOf(
      KNOCKED,
      { ephemeral: LINUX },
      {
        ...ALL_SAFE,
        isSafe: (_, { steps }) =>
          steps.some((step) => step.kind === "port" && step.port === 62_001),
      },
    );
    expect(problem?.fix).toContain("`steps: [62001, udp/65040, tcp/63777]`");
  });

  test("that can go nowhere has its ports reserved, beside those that are", () => {
    const ephemeral = { range: { first: 1024, last: 65_535 }, reserved: [{ first: 80, last: 90 }] };
    expect(fixOf({ ephemeral })).toBe(
      "let this host ask from other ports: sysctl -w net.ipv4.ip_local_reserved_ports=80-90,51001-54040, and the same in /etc/sysctl.d for the next boot",
    );
  });

  test.each([
    ["lies elsewhere", { range: { first: 32_768, last: 51_000 }, reserved: [] }],
    [
      "is reserved",
      {
        ...LINUX,
        reserved: [
          { first: 51_000, last: 52_000 },
          { first: 52_001, last: 54_040 },
        ],
      },
    ],
    ["cannot be compared with anything", { range: undefined, reserved: [] }],
  ])("is no problem where it %s", (_, ephemeral) => {
    expect(problemsOf(KNOCKED, { ephemeral })).toEqual([]);
  });

  test("is one where a port of it is not reserved", () => {
    const ephemeral = {
      ...LINUX,
      reserved: [
        { first: 51_000, last: 52_000 },
        { first: 52_002, last: 54_040 },
      ],
    };
    expect(problemsOf(KNOCKED, { ephemeral })).toHaveLength(1);
  });

  test("counts steps beside it that UDP can make", () => {
    const beside = (step: string) =>
      `${SSH}    sequence: { steps: [${step}, 2001], watch: 2000-3000 }\n`;
    expect(told(beside("udp/40000"), { ephemeral: LINUX })[0]).toContain(
      "the step udp/40000 of door ssh meets",
    );
    expect(problemsOf(beside("tcp/40000"), { ephemeral: LINUX })).toEqual([]);
  });
});

describe("a watch range over what listens", () => {
  const told3 = (...listeners: Listener[]) =>
    told(KNOCKED, { listeners: [...behind, ...listeners] });

  test("is told with ports and processes", () => {
    expect(
      told3(listener("udp", "0.0.0.0", 52_000, "openvpn"), listener("tcp", "::", 53_000)),
    ).toEqual([
      'warning watch-over-service: "openvpn" (udp/52000) and a service (tcp/53000) listen in the watch range of door ssh: a packet of their clients starts over a knock from the same address; move the sequence or the service; `ss -lntup` shows what listens',
    ]);
  });

  test("tells a process once that listens for both families", () => {
    const both = ["0.0.0.0", "::"].map((at) => listener("tcp", at, 52_000, "nginx"));
    expect(told3(...both)[0]).toContain('"nginx" (tcp/52000) listens in');
  });

  test("quotes a name that is made to mislead", () => {
    expect(told3(listener("tcp", "::", 52_000, 'a" \u001b[31m\n'))[0]).toContain(
      '"a\\" \\u001b[31m\\n" (tcp/52000)',
    );
  });

  test("is worse on a step, which then connects", () => {
    const listeners = [...behind, listener("tcp", "::", 52_777, "nginx")];
    expect(told(KNOCKED, { listeners })).toEqual([
      'warning watch-over-service: "nginx" listens on tcp/52777, a step of door ssh: such a knock reaches it and connects, and its clients make the step; choose a port on which nothing listens',
    ]);
    expect(marked(KNOCKED, { listeners })).toEqual(["watch-over-service 4: tcp/52777"]);
  });

  test("on a step of either protocol or of its own", () => {
    expect(told3(listener("udp", "::", 51_001))[0]).toContain(
      "udp/51001, a step of door ssh: such a knock reaches it, and",
    );
    expect(told3(listener("tcp", "::", 54_040))[0]).toContain("in the watch range");
  });

  test("is no problem on loopback, outside the range, or at the door itself", () => {
    expect(told3(listener("udp", "127.0.0.1", 52_000), listener("udp", "::", 54_041))).toEqual([]);
    const own = "doors:\n  web: { protects: tcp/52000, sequence: { steps: [51001, 54040] } }\n";
    expect(told(own, { listeners: [listener("tcp", "::", 52_000)] })).toEqual([]);
  });
});
