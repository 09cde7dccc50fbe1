/** What does not answer is waited for within a limit, whatever kind of file it is. */
import { spawnSync } from "node:child_process";
import { constants, mkdtempSync, rmSync } from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { patiently } from "../../src/host/patience.ts";
import { readPipe } from "../../src/host/pipe.ts";

const SOON = 0.05;
const NO_ANSWER = { code: "NO_ANSWER" };

test("work at a path that takes too long is waited for once, and not again until it is done", async () => {
  let finish: (text: string) => void = () => undefined;
  let times = 0;
  const hang = () => {
    times += 1;
    return new Promise<string>((resolve) => {
      finish = resolve;
    });
  };
  await expect(patiently("/hung", hang, SOON)).rejects.toMatchObject(NO_ANSWER);
  await expect(patiently("/hung", hang, SOON)).rejects.toMatchObject(NO_ANSWER);
  expect(times).toBe(1);
  expect(await patiently("/other", () => Promise.resolve("other"), SOON)).toBe("other");
  finish("late");
  await Promise.resolve();
  expect(await patiently("/hung", () => Promise.resolve("again"), SOON)).toBe("again");
});

test("work that fails fails as itself, also when nobody waits for it any more", async () => {
  const failing = () => Promise.reject(new Error("broken"));
  await expect(patiently("/failing", failing, SOON)).rejects.toThrow("broken");
  let refuse: (error: Error) => void = () => undefined;
  const late = () =>
    new Promise<string>((_, reject) => {
      refuse = reject;
    });
  await expect(patiently("/late", late, SOON)).rejects.toMatchObject(NO_ANSWER);
  refuse(new Error("too late to matter"));
});

test("a FIFO to which nobody writes is left when it was silent for so long", async () => {
  const folder = mkdtempSync(join(tmpdir(), "postern-pipe-"));
  const path = join(folder, "fifo");
  expect(spawnSync("mkfifo", [path]).status).toBe(0);
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  await expect(readPipe(file, path, 100, SOON)).rejects.toMatchObject(NO_ANSWER);
  await file.close();
  rmSync(folder, { recursive: true });
});
