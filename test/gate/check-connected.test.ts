/** Who is connected, and would not come in again. */
import { describe, expect, test } from "vitest";
import type { Surroundings } from "../../src/gate/check/surroundings.ts";
import { arrival, KNOCKED, marked, problemsOf, SSH, told } from "./around.ts";

const ME = arrival("192.0.2.7", "198.51.100.1", 22);

describe("the session of the administrator", () => {
  test("through a door without a sequence is locked out, which is an error", () => {
    expect(told(SSH, { session: ME })).toEqual([
      "error locks-you-out: your SSH session came from 192.0.2.7 to tcp/22 of 198.51.100.1, where door ssh stands, which no knock opens: you could not come in again; give the door a `sequence`, a `token` or `signed`, or trust yourself: `trusted: [192.0.2.7]`",
    ]);
  });

  test("through a door with a sequence needs the knock the next time", () => {
    expect(told(KNOCKED, { session: arrival("2001:db8::7", "2001:db8::1", 2222) })).toEqual([
      "warning you-must-knock: your SSH session came from 2001:db8::7 to tcp/2222 of 2001:db8::1, where door ssh stands: it goes on, and a new one needs the knock; before you end it, knock from 2001:db8::7 and begin a second one; or trust yourself: `trusted: [2001:db8::7]`",
    ]);
  });

  test("is pointed at where the policy names its port", () => {
    const session = arrival("192.0.2.7", "198.51.100.1", 2222);
    expect(marked(SSH, { session })).toEqual(["locks-you-out 3: tcp/2200-2299"]);
  });

  test("is to be trusted beside those who are", () => {
    const [problem] = problemsOf(`trusted: [10.0.0.0/8]\n${SSH}`, { session: ME });
    expect(problem?.fix).toContain("`trusted: [10.0.0.0/8, 192.0.2.7]`");
  });

  const home = (device: string | undefined) => ({ session: { ...ME, interface: device } });
  test.each<[string, string, Partial<Surroundings>]>([
    ["is trusted", `trusted: [192.0.2.0/24]\n${SSH}`, { session: ME }],
    ["came to another port", SSH, { session: { ...ME, destinationPort: 23 } }],
    ["came to a UDP door", SSH.replaceAll("tcp", "udp"), { session: ME }],
    ["came by an interface without doors", `interfaces: [wg0]\n${SSH}`, home("eth0")],
    ["came from this host", SSH, home("lo")],
    [
      "came to an address without doors",
      `${SSH}    destinations: [198.51.100.1]\n`,
      {
        session: arrival("192.0.2.7", "198.51.100.2", 22),
      },
    ],
    ["there is none", SSH, {}],
  ])("is no problem where it %s", (_, policy, around) => {
    expect(problemsOf(policy, around)).toEqual([]);
  });

  test("is taken to come through a door where nobody can tell the interface", () => {
    expect(marked(`interfaces: [wg0]\n${SSH}`, home(undefined))).toEqual([
      "locks-you-out 4: tcp/22",
    ]);
  });

  test("meets only the door that it came through", () => {
    const two = `${KNOCKED}  web: { protects: tcp/443 }\n`;
    expect(marked(two, { session: arrival("192.0.2.7", "198.51.100.1", 443) })).toEqual([
      "locks-you-out 5: tcp/443",
    ]);
  });
});

describe("the connections of others", () => {
  const from = (...sources: string[]) => sources.map((one) => arrival(one, "198.51.100.1", 22));

  test("go on, and new ones need the knock", () => {
    expect(told(KNOCKED, { others: from("192.0.2.8") })).toEqual([
      "warning others-must-knock: one connection through door ssh from 192.0.2.8: it goes on, and a new one needs the knock; tell them how to knock, or add them to `trusted`",
    ]);
  });

  test("are counted, and three of their sources are named, each once", () => {
    const sources = ["192.0.2.8", "192.0.2.9", "192.0.2.8", "192.0.2.10", "192.0.2.11"];
    expect(told(SSH, { others: from(...sources, "192.0.2.12") })).toEqual([
      "warning others-must-knock: 6 connections through door ssh from 192.0.2.8, 192.0.2.9, 192.0.2.10 and 2 more: they go on, and new ones will be refused; open the door to them with `postern open` when they need it, or add them to `trusted`",
    ]);
  });

  test("from trusted sources are none of these", () => {
    const policy = `trusted: [192.0.2.8]\n${KNOCKED}`;
    expect(problemsOf(policy, { others: from("192.0.2.8") })).toEqual([]);
    expect(marked(policy, { others: from("192.0.2.8", "192.0.2.9") })).toEqual([
      "others-must-knock 3: ssh",
    ]);
  });

  test("to hosts behind this one are judged at their own doors", () => {
    const others = from("192.0.2.8").map((one) => ({ ...one, destined: "elsewhere" as const }));
    expect(problemsOf(SSH, { others })).toEqual([]);
    expect(
      problemsOf(`${SSH}    destinations: [198.51.100.0/24]\n`, {
        others,
        forwards: { ipv4: true, ipv6: true },
      }),
    ).toMatchObject([{ code: "others-must-knock" }]);
  });
});
