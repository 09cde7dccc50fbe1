/** Runs the command line: here, in a world of answers, or for real, as a process. */
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildSync } from "esbuild";
import { runCommandLine } from "../../src/cli/program.ts";
import type { Host } from "../../src/host/index.ts";
import { fakeHost } from "../setup/fake-host.ts";

export interface Ran {
  readonly exit: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the words of a line; words do not hold spaces. */
export function postern(line: string, host: Host = fakeHost(), colour = false): Promise<Ran> {
  return posternWith(
    line.split(" ").filter((word) => word !== ""),
    host,
    colour,
  );
}

export async function posternWith(
  argv: readonly string[],
  host: Host = fakeHost(),
  colour = false,
): Promise<Ran> {
  const written = { stdout: "", stderr: "" };
  const exit = await runCommandLine(argv, {
    host,
    stdout: (text) => {
      written.stdout += text;
    },
    stderr: (text) => {
      written.stderr += text;
    },
    colour: { stdout: colour, stderr: colour },
  });
  return { exit, ...written };
}

/** What users start, made from the sources as they are now. */
export interface Bundle {
  readonly file: string;
  readonly folder: string;
  /** Runs a line of shell in which `$postern` starts it. */
  readonly shell: (line: string, environment?: Readonly<Record<string, string>>) => Ran;
  readonly remove: () => void;
}

export function makeBundle(entry = "src/cli/main.ts"): Bundle {
  const folder = mkdtempSync(join(tmpdir(), "postern-bundle-"));
  const file = join(folder, "postern.mjs");
  // Beside it, as users have it.
  for (const name of ["koffi", "@koromix"]) {
    cpSync(join("node_modules", name), join(folder, "node_modules", name), { recursive: true });
  }
  buildSync({
    entryPoints: [{ in: entry, out: "postern" }],
    outdir: folder,
    outExtension: { ".js": ".mjs" },
    chunkNames: "chunks/[name]-[hash]",
    bundle: true,
    // As `./dev build` does: who knocks loads no gate.
    splitting: true,
    platform: "node",
    format: "esm",
    target: "node20.19",
    external: ["koffi"],
    banner: {
      js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);',
    },
    logLevel: "warning",
  });
  return {
    file,
    folder,
    shell: (line, environment = {}) => {
      const env = { ...process.env, postern: `${process.execPath} ${file}`, ...environment };
      const { status, stdout, stderr } = spawnSync("sh", ["-c", line], {
        cwd: folder,
        env,
        encoding: "utf8",
      });
      return { exit: status, stdout, stderr };
    },
    remove: () => rmSync(folder, { recursive: true }),
  };
}
