import { expect, test } from "vitest";
import { parseClientName } from "../../../src/policy/value/name.ts";

test.each(["ana", "0", "ana-phone", "ana@example.org", "a_b.c", "a".repeat(32)])(
  "%s can be the name of a client",
  (text) => {
    expect(parseClientName({ text })).toEqual({ ok: true, value: text });
  },
);

test.each(["", "Ana", ".ana", "-ana", "../ana", "a/b", "a b", "a\n", "ána", "a".repeat(33)])(
  "%j cannot",
  (text) => {
    const refused = parseClientName({ text });
    expect(refused.ok ? [] : refused.problems.map(({ code }) => code)).toEqual([
      "not-a-client-name",
    ]);
  },
);
