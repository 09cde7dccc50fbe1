/** Who may import whom: section "Layout" of docs/, held for every file of src/. */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import ts from "typescript";
import { describe, expect, test } from "vitest";

/** A folder may import from itself and from those before it. */
const FOLDERS = [
  ...["problem", "policy", "model", "program", "compile", "backend", "check", "token", "signed"],
  ...["host", "gate", "client", "agent", "view", "cli"],
];

/** What is compiled is judged by the model, so nothing on its way may have been made with it. */
const APART_FROM_MODEL = ["program", "compile", "backend"];

/** Types alone, shared by every judge. */
const PACKET = "src/model/packet.ts";

/** `host` is the only door to the outside; elsewhere these Node.js modules and no others. */
const BUILTINS: Readonly<Record<string, readonly string[]>> = {
  "src/policy/address.ts": ["node:net"], // for isIP alone
  token: ["node:crypto"],
  signed: ["node:crypto"],
  ...Object.fromEntries(
    ["gate", "client", "agent", "view", "cli"].map((folder) => [
      folder,
      ["node:crypto", "node:path", "node:util"],
    ]),
  ),
};

/** What the imports of one file of src/ do against the law; empty when nothing. */
function faultsOf(path: string, text: string): string[] {
  const { importedFiles } = ts.preProcessFile(text);
  return importedFiles.flatMap(({ fileName: target, pos }) => {
    const fault = faultOf(path, target);
    const line = text.slice(0, pos).split("\n").length;
    return fault === undefined ? [] : [`${path}:${line}: ${fault}`];
  });
}

function faultOf(path: string, target: string): string | undefined {
  const from = folderOf(path);
  if (target.startsWith("node:")) {
    const allowed = from === "host" || [path, from].some((key) => BUILTINS[key]?.includes(target));
    return allowed ? undefined : `${from}/ may not import ${target}`;
  }
  if (!target.startsWith(".")) return undefined;
  const file = normalize(join(dirname(path), target));
  const to = folderOf(file);
  if (!FOLDERS.includes(from)) return `src/${from}/ has no place in the order of folders`;
  if (!FOLDERS.includes(to)) return `${file} is in no folder that may be imported`;
  if (FOLDERS.indexOf(to) > FOLDERS.indexOf(from)) return `${from}/ stands before ${to}/`;
  if (to === "model" && APART_FROM_MODEL.includes(from) && file !== PACKET) {
    return `${from}/ is judged by model/ and may not import it`;
  }
  return undefined;
}

/** `policy` of `src/policy/address.ts`; what is not in a folder of src/ has none. */
function folderOf(path: string): string {
  return /^src\/([^/]+)\//.exec(path)?.[1] ?? "";
}

describe("the law of imports", () => {
  const files = readdirSync("src", { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => join("src", name));

  test("every file keeps it", () => {
    expect(files.flatMap((file) => faultsOf(file, readFileSync(file, "utf8")))).toEqual([]);
  });

  test("the packet that the judges share is nothing but types", () => {
    const { outputText } = ts.transpileModule(readFileSync(PACKET, "utf8"), {
      compilerOptions: { module: ts.ModuleKind.ESNext, removeComments: true },
    });
    expect(outputText.trim()).toBe("export {};");
  });

  test.each([
    ["src/policy/parse.ts", `import { ok } from "../problem/problem.ts";`],
    ["src/policy/parse.ts", `import { x } from "./yaml.ts";`],
    ["src/policy/parse.ts", `import { parseDocument } from "yaml";`],
    ["src/policy/address.ts", `import { isIP } from "node:net";`],
    ["src/program/interpreter.ts", `import type { Packet } from "../model/packet.ts";`],
    ["src/backend/nftables/print.ts", `import type { Program } from "../../program/program.ts";`],
    ["src/host/run.ts", `import { spawn } from "node:child_process";`],
    ["src/token/token.ts", `import { createHmac } from "node:crypto";`],
    ["src/cli/main.ts", `import { judge } from "../model/model.ts";`],
  ])("%s may say %s", (path, text) => {
    expect(faultsOf(path, text)).toEqual([]);
  });

  test.each([
    ["src/policy/parse.ts", `import { compilePolicy } from "../compile/compile.ts";`],
    ["src/policy/parse.ts", `import type { Program } from "../program/program.ts";`],
    ["src/policy/parse.ts", `export { compilePolicy } from "../compile/compile.ts";`],
    ["src/policy/parse.ts", `const { run } = await import("../host/run.ts");`],
    ["src/policy/parse.ts", `import { x } from "../../test/policy/x.ts";`],
    ["src/policy/parse.ts", `import { x } from "../unheard-of/x.ts";`],
    ["src/unheard-of/x.ts", `import { ok } from "../problem/problem.ts";`],
    ["src/model/model.ts", `import { compilePolicy } from "../compile/compile.ts";`],
    ["src/compile/door.ts", `import { judge } from "../model/model.ts";`],
    ["src/program/interpreter.ts", `import { judge } from "../model/model.ts";`],
    ["src/backend/nftables/print.ts", `import { judge } from "../../model/model.ts";`],
    ["src/policy/parse.ts", `import { readFileSync } from "node:fs";`],
    ["src/policy/parse.ts", `import { isIP } from "node:net";`],
    ["src/token/token.ts", `import { readFileSync } from "node:fs";`],
    ["src/gate/apply.ts", `import { spawn } from "node:child_process";`],
  ])("%s may not say %s", (path, text) => {
    expect(faultsOf(path, text)).toHaveLength(1);
  });
});

test("the README names all folders, in this order", () => {
  const [, tree = ""] = /^src\/\n((?: .*\n)+)/m.exec(readFileSync("README.md", "utf8")) ?? [];
  expect([...tree.matchAll(/^ {2}(\w+)\//gm)].map(([, folder]) => folder)).toEqual(FOLDERS);
});
