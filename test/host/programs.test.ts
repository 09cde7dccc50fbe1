import { expect, test } from "vitest";
import { runProgram, startProgram } from "../../src/host/programs.ts";

async function take(lines: AsyncIterable<string>, most = Number.POSITIVE_INFINITY) {
  const taken: string[] = [];
  for await (const line of lines) {
    taken.push(line);
    if (taken.length === most) break;
  }
  return taken;
}

test("a program that runs gets its input and tells its output and status", async () => {
  const finished = await runProgram(["sh", "-c", "cat; echo no >&2; exit 7"], { stdin: "yes\n" });
  expect(finished).toEqual({ status: 7, stdout: "yes\n", stderr: "no\n" });
});

test("a program may get bytes that are no text", async () => {
  const bytes = Uint8Array.from([0, 255, 128, 10]);
  const { stdout } = await runProgram(["od", "-An", "-tu1"], { stdin: bytes });
  expect(stdout.trim().split(/ +/)).toEqual(["0", "255", "128", "10"]);
});

test("a program gets variables besides those that all get", async () => {
  const { stdout } = await runProgram(["sh", "-c", "echo $MINE $LC_ALL"], {
    environment: { MINE: "a b" },
  });
  expect(stdout).toBe("a b C\n");
});

test("a program that nobody waits for any longer is ended", async () => {
  const end = new AbortController();
  const running = runProgram(["sleep", "60"], { end: end.signal });
  end.abort();
  expect((await running).status).toBe(127);
  expect(await runProgram(["sleep", "60"], { end: end.signal })).toMatchObject({ status: 127 });
});

test("arguments are never read by a shell", async () => {
  const { stdout } = await runProgram(["printf", "%s|", "a b", "$HOME", ";id"]);
  expect(stdout).toBe("a b|$HOME|;id|");
});

test("a program that a signal ended has status 128 and the signal's number", async () => {
  expect(await runProgram(["sh", "-c", "kill -TERM $$"])).toMatchObject({ status: 128 + 15 });
});

test("a program that is not there has status 127, and says so", async () => {
  const finished = await runProgram(["postern-no-such-program"]);
  expect(finished.status).toBe(127);
  expect(finished.stderr).toContain("ENOENT");
});

test("a program that does not read its input does no harm", async () => {
  expect(await runProgram(["true"], { stdin: "x".repeat(1 << 20) })).toMatchObject({ status: 0 });
});

test("a program that may not be run has status 127", async () => {
  expect(await runProgram(["/"])).toMatchObject({ status: 127, stdout: "" });
});

test("characters that arrive in two pieces arrive whole", async () => {
  const stdin = "é€😀\n".repeat(100_000);
  expect((await runProgram(["cat"], { stdin })).stdout).toBe(stdin);
});

test("a program speaks one language, and is looked for where only root looks", async () => {
  const { stdout } = await runProgram(["sh", "-c", 'echo "$LC_ALL $PATH"']);
  expect(stdout).toMatch(/^C .*:\/usr\/sbin(:|\n)/);
});

test("a program that stays answers line by line, and ends with its input", async () => {
  const cat = startProgram(["cat"]);
  cat.write("one\n\ntwo\nthree\n");
  expect(await take(cat.lines, 2)).toEqual(["one", ""]);
  cat.write("four");
  cat.closeInput();
  expect(await take(cat.lines)).toEqual(["two", "three", "four"]);
  expect(await cat.ended).toBe(0);
});

test("lines are those of stdout and stderr, also long after the end", async () => {
  const program = startProgram(["sh", "-c", "echo a; echo b >&2; seq 100000; exit 3"]);
  expect(await program.ended).toBe(3);
  const lines = await take(program.lines);
  expect(lines).toHaveLength(100_002);
  expect(lines).toEqual(expect.arrayContaining(["a", "b", "100000"]));
});

test("a program that cannot be started has no pid, status 127, and says so", async () => {
  const program = startProgram(["postern-no-such-program"]);
  program.write("into the void\n");
  program.closeInput();
  expect(program.pid).toBeUndefined();
  expect(await program.ended).toBe(127);
  expect((await take(program.lines)).join()).toContain("ENOENT");
});

test("a program that stays can be told to end", async () => {
  const sleep = startProgram(["sleep", "600"]);
  sleep.stop();
  expect(await sleep.ended).toBe(128 + 15);
});
