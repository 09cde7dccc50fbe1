/** `./dev` as root in the checkout of somebody else, who can go on with it afterwards. */
import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { VERSION } from "../src/cli/program.ts";

const isRoot = process.getuid?.() === 0;
/** A user without a name, a home and files. */
const OWNER = 47_110;

interface Lock {
  readonly packages: Readonly<Record<string, { readonly dev?: boolean }>>;
}

let checkout: string;

/** What the bundle is made of; all of node_modules would take ten times as long to copy. */
function packages(): string[] {
  const { packages: all } = JSON.parse(readFileSync("package-lock.json", "utf8")) as Lock;
  return Object.entries(all)
    .filter(([path, { dev = false }]) => path !== "" && (!dev || /esbuild/.test(path)))
    .map(([path]) => path)
    .filter((path) => existsSync(path));
}

function dev(line: string, user = 0) {
  const asUser = ["setpriv", `--reuid=${user}`, `--regid=${user}`, "--clear-groups"];
  const [program = "", ...args] = [...asUser, "./dev", ...line.split(" ")];
  const env = { ...process.env, DESTDIR: join(checkout, "dist/there"), SUDO_UID: `${OWNER}` };
  const { status, stdout, stderr } = spawnSync(program, args, {
    ...{ cwd: checkout, env, encoding: "utf8" },
  });
  return { status, stdout, stderr };
}

const shell = (line: string) =>
  spawnSync("sh", ["-c", line], { cwd: checkout, encoding: "utf8" }).stdout;

beforeAll(() => {
  checkout = mkdtempSync(join(tmpdir(), "postern-checkout-"));
  chmodSync(checkout, 0o755);
  const parts = ["dev", "src", "package.json", "package-lock.json", "tools", "packaging"];
  const modules = ["node_modules/.package-lock.json", "node_modules/.bin/esbuild", ...packages()];
  for (const part of [...parts, ...modules]) {
    const options = { recursive: true, preserveTimestamps: true, verbatimSymlinks: true };
    cpSync(part, join(checkout, part), options);
  }
  if (isRoot) shell(`chown -hR ${OWNER}:${OWNER} .`);
});
afterAll(() => rmSync(checkout, { recursive: true }));

test.runIf(isRoot)("what root builds in it belongs to its owner, who builds it again", () => {
  expect(dev("run --version")).toEqual({ status: 0, stdout: `${VERSION}\n`, stderr: "" });
  expect(shell(`find . ! -uid ${OWNER}`)).toBe("");
  shell("touch -d +1hour src/cli/main.ts");
  expect(dev("run --version", OWNER)).toMatchObject({ status: 0, stdout: `${VERSION}\n` });
  expect(dev("install", OWNER).status).toBe(0);
});

test.runIf(isRoot)("what belongs to root from before is named, with what gives it back", () => {
  shell("mkdir -p dist/chunks; chown -R 0:0 dist; touch -d +2hours src/cli/main.ts");
  const { status, stderr } = dev("run --version", OWNER);
  expect([status, stderr]).toEqual([
    3,
    `dev: ${checkout}/dist belongs to another user; take it back: ` +
      `sudo chown -R ${OWNER}:${OWNER} '${checkout}/dist' '${checkout}/node_modules'\n`,
  ]);
  shell(`chown -R ${OWNER}:${OWNER} dist`);
  expect(dev("run --version", OWNER).status).toBe(0);
});
