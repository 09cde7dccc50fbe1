/** What an agent knows of signed knocks, in the sets of the table. */
import type { Admission } from "../../backend/live.ts";
import { printAdmission, printDelete, printSeen, printTags } from "../../backend/nftables/index.ts";
import type { Finished, Host } from "../../host/index.ts";
import { fail, ok, type Result } from "../../problem/problem.ts";
import type { Admitted, SignedSets } from "../backend.ts";
import { refusedByNft } from "./obstacle.ts";
import { loadText } from "./table.ts";

function load(host: Host, admissions: readonly Admission[]): Promise<Finished> {
  return host.run(["nft", "-f", "-"], {
    stdin: admissions.map(printAdmission).join(""),
    purpose: "rules",
  });
}

function whyNot(refused: Finished): Result<Admitted> {
  const isThere = /: File exists$/m.test(refused.stderr);
  return isThere ? ok("seen before") : fail(refusedByNft(refused));
}

export const signed: SignedSets = {
  addTags: (host, set, tags) => loadText(host, printTags(set, tags)),
  admit: async (host, admissions) => {
    const together = await load(host, admissions);
    if (together.status === 0) return admissions.map(() => ok("admitted"));
    if (admissions.length === 1) return [whyNot(together)];
    // One was not taken, and so none was: each by itself, in their order.
    const each: Result<Admitted>[] = [];
    for (const one of admissions) {
      const alone = await load(host, [one]);
      each.push(alone.status === 0 ? ok("admitted") : whyNot(alone));
    }
    return each;
  },
  noteSeen: (host, set, knocks) => loadText(host, printSeen(set, knocks)),
  unban: async (host, sets, source) => {
    // Not there is as good as taken out; of several, each by itself.
    await Promise.all(sets.map((set) => loadText(host, printDelete(set, source))));
  },
};
