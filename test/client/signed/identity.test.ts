/** The order of keys, as `ssh -v` shows it. */
import { expect, test } from "vitest";
import { type FileKey, type HeldKey, inOrder } from "../../../src/client/signed/identity.ts";
import { parsePublicKey } from "../../../src/signed/index.ts";
import { sure } from "../../setup/sure.ts";
import { makeSigner } from "../../signed/signer.ts";

const KEYS = Object.fromEntries(
  ["a", "b", "c", "d"].map((name) => [name, sure(parsePublicKey(makeSigner("ssh-ed25519").blob))]),
);

function keyOf(name: string) {
  const key = KEYS[name];
  if (key === undefined) throw new Error(`keyOf: there is no ${name}`);
  return key;
}

const held = (...names: readonly string[]): HeldKey[] =>
  names.map((name) => ({ key: keyOf(name), comment: `held ${name}` }));

const files = (...names: readonly string[]): FileKey[] =>
  names.map((name) => ({
    ...{ path: `/${name}`, key: keyOf(name.replace(".pub", "")) },
    privateHalf: name.endsWith(".pub") ? undefined : { isEncrypted: false },
  }));

test.each([
  [
    "files of which the agent has the key, then its others, then files",
    held("c", "b"),
    files("a", "b"),
    false,
    ["/b", "held c", "/a"],
  ],
  ["those of the agent in its order", held("b", "a"), files("a", "b"), false, ["/b", "/a"]],
  [
    "no others of the agent where only files are meant",
    held("c", "b"),
    files("a", "b"),
    true,
    ["/b", "/a"],
  ],
  [
    "a public half that the agent has the other of",
    held("a"),
    files("a.pub", "b.pub"),
    true,
    ["/a.pub"],
  ],
  ["a key once, of whatever number of files", [], files("a", "a", "b"), false, ["/a", "/b"]],
])("%s", (_, agent, known, isExclusive, names) => {
  expect(inOrder(agent, known, isExclusive).map(({ name }) => name)).toEqual(names);
});

test("only what the agent alone has is told by no file", () => {
  const all = inOrder(held("c", "b"), files("a", "b"), false);
  expect(all.map(({ file }) => file)).toEqual(["/b", undefined, "/a"]);
});
