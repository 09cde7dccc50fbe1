/**
 * Makes the vectors anew, by hand:
 *
 *     npx esbuild test/signed/vectors/make.ts --bundle --platform=node --format=esm \
 *       --outfile=/tmp/make.mjs && node /tmp/make.mjs
 *
 * Signatures of ECDSA are others each time; everything else stays as it is.
 */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { MALFORMED, NO_PACKET, NOT_OPEN } from "./not-opened.ts";
import { TOO_LATE, UNSIGNED } from "./not-signed.ts";
import { NOT_ALLOWED } from "./not-taken.ts";
import { OPENS } from "./opens.ts";
import { type Plan, packetOf, printPlan } from "./plan.ts";

const FOLDER = "test/signed/vectors";

function write(folder: string, plans: Readonly<Record<string, Plan>>): void {
  rmSync(join(FOLDER, folder), { recursive: true, force: true });
  mkdirSync(join(FOLDER, folder));
  for (const [name, plan] of Object.entries(plans)) {
    writeFileSync(join(FOLDER, folder, `${name}.txt`), printPlan(plan, packetOf(plan)));
  }
}

write("opens", OPENS);
write("refused", {
  ...NO_PACKET,
  ...NOT_OPEN,
  ...MALFORMED,
  ...NOT_ALLOWED,
  ...UNSIGNED,
  ...TOO_LATE,
});
