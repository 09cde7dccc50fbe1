/** What `signed` of a door becomes. */
import { describe, expect, test } from "vitest";
import { printPrefix } from "../../src/policy/address.ts";
import { parsePlacedPolicy } from "../../src/policy/parse.ts";
import { policyOf } from "../setup/policy.ts";
import { sure } from "../setup/sure.ts";

function signedIn(keys: string) {
  const [door] = policyOf(`doors: { ssh: { protects: tcp/22, signed: ${keys} } }`).doors;
  return door?.signed;
}

describe("of a door with signed knocks", () => {
  test("what is not written means everybody in the file of the host, from anywhere", () => {
    expect(signedIn("{ carriers: [udp/62201, ping] }")).toEqual({
      carriers: [{ kind: "udp", port: 62_201 }, { kind: "ping" }],
      signers: undefined,
      clients: undefined,
      from: [],
      bound: false,
    });
  });

  test("everything can be said", () => {
    const all = signedIn(
      "{ carriers: [ping], signers: /srv/a b/signers, clients: [Alice, b+1@example.org], from: [203.0.113.0/24, '2001:db8::'], bound: true }",
    );
    expect(all).toMatchObject({
      signers: "/srv/a b/signers",
      clients: ["Alice", "b+1@example.org"],
      bound: true,
    });
    expect(all?.from.map(printPrefix)).toEqual(["203.0.113.0/24", "2001:db8::"]);
  });

  test("the carriers may be those of its tokens", () => {
    const { doors } = policyOf(
      "doors: { ssh: { protects: tcp/22, token: { carriers: [ping, udp/53] }, signed: { carriers: [udp/53, ping] }, sequence: { steps: [1, ping/63] } } }",
    );
    expect(doors[0]?.token?.carriers).toHaveLength(2);
    expect(doors[0]?.signed?.carriers).toHaveLength(2);
  });

  test("problems that come up later can point at its parts", () => {
    const text =
      "doors:\n  ssh:\n    protects: tcp/22\n    signed:\n      carriers: [ping, udp/53]\n      signers: /etc/signers\n";
    const { places } = sure(parsePlacedPolicy(text, "policy.yaml"));
    const [door] = places.doors;
    expect([door?.signed?.line, door?.signers?.line]).toEqual([4, 6]);
    expect(door?.signedCarriers.map(({ line, column }) => [line, column])).toEqual([
      [5, 18],
      [5, 24],
    ]);
    expect(door?.carriers).toEqual([]);
  });

  test("without `signed` there is none of it", () => {
    expect(policyOf("doors: { ssh: { protects: tcp/22 } }").doors[0]?.signed).toBeUndefined();
  });
});
