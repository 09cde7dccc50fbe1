/** How to knock with nothing but packets: by steps, and with one-time tokens. */
import { randomBytes } from "node:crypto";
import { datagram, frameTo, newSources, type Site, syn, type Way } from "./site.ts";

export const STEPS = [51_001, 52_040, 52_777] as const;
/** Of a gate of ours whose door ssh has tokens. */
export const TOKEN_PORT = 62_210;

export function stepsWay(site: Site, name = site.name): Way {
  return {
    ...{ name, site },
    knocks: (sources) =>
      Promise.resolve(
        sources.map((source) => STEPS.map((port) => frameTo(site.network, source, syn(port)))),
      ),
  };
}

/** The first steps of so many knocks, from sources that have not knocked before. */
export function firstStepsAt({ network }: Site): (count: number) => readonly Buffer[] {
  return (count) => newSources(count).map((source) => frameTo(network, source, syn(STEPS[0])));
}

/** Tokens are put into the kernel for it. */
export function tokenWay(site: Site, name: string): Way {
  const set = `inet postern ssh_udp_${TOKEN_PORT}_tokens`;
  return {
    ...{ name, site },
    knocks: async (sources) => {
      const pairs = sources.map((source) => ({
        source,
        token: Buffer.from(randomBytes(8).toString("hex")),
      }));
      const elements = pairs.map(({ token }) => `0x${token.toString("hex")} timeout 10m`);
      const stdin = `add element ${set} { ${elements.join(", ")} }\n`;
      await site.network.server.run(["nft", "-f", "-"], { stdin });
      return pairs.map(({ source, token }) => [
        frameTo(site.network, source, datagram(token, TOKEN_PORT)),
      ]);
    },
  };
}
