/** Whatever the steps and however long the way: one lost packet keeps nobody out. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { FakeNetwork, type Meeting } from "../fake-network.ts";
import { knockIn, withSteps } from "./errand.ts";

/**
 * From few, so that they are often repeated. What is repeated is so over the same protocols: of a
 * sequence such as [tcp/1, 1, 1] a packet too many may begin another attempt, and end it.
 */
const STEPS = ["21001", "21002", "tcp/21003", "tcp/21004", "udp/21005", "ping/63", "ping/64"];

const steps = fc
  .array(fc.constantFrom(...STEPS), { minLength: 1, maxLength: 6 })
  .map((list) => list.join(", "));
const others = fc.constantFrom<Meeting>("accepted", "refused", "silent");
const within = fc.constantFrom("1s", "10s");
/** A wrong step is one too many. */
const STRICT = "ban: { after: 1, within: 24h, for: 24h }, ";

test("with any one packet or answer lost the door opens, without a wrong step", async () => {
  const oneWay = fc.integer({ min: 0, max: 200 });
  const lost = fc.record({ n: fc.integer({ min: 1, max: 14 }), isAnswer: fc.boolean() });
  await fc.assert(
    fc.asyncProperty(steps, within, others, oneWay, lost, async (...drawn) => {
      const [list, within, others, oneWay, { n, isAnswer }] = drawn;
      const policy = withSteps(list, { within, keys: STRICT });
      const network = new FakeNetwork({
        ...{ address: "2001:db8:1::1", policy, others },
        delay: () => oneWay,
        isLost: (m) => !isAnswer && m === n,
        isAnswerLost: (m) => isAnswer && m === n,
      });
      const { isOpen } = await knockIn(network, policy);
      expect({ isOpen, isBanned: network.isBannedAt() }).toEqual({ isOpen: true, isBanned: false });
      // Where the way is long, the second is begun before the first could be answered.
      expect(network.packetsTo().filter((one) => one === "tcp/22").length).toBeLessThan(3);
    }),
    {
      numRuns: 300,
      // A spare ping that was still starting came behind the next step, and began another attempt.
      examples: [["ping/63, ping/63, 21001", "1s", "accepted", 18, { n: 1, isAnswer: false }]],
    },
  );
});

test("with packets of which some take six times as long as others the door opens", async () => {
  const fastest = fc.integer({ min: 4, max: 30 });
  const factors = fc.array(fc.double({ min: 1, max: 6, noNaN: true }), {
    minLength: 40,
    maxLength: 40,
  });
  await fc.assert(
    fc.asyncProperty(steps, others, fastest, factors, async (list, others, fastest, factors) => {
      const policy = withSteps(list);
      const network = new FakeNetwork({
        ...{ address: "203.0.113.5", policy, others },
        delay: (n) => fastest * (factors[n % factors.length] ?? 1),
      });
      expect((await knockIn(network, policy)).isOpen).toBe(true);
    }),
    { numRuns: 300 },
  );
});
