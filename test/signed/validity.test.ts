import { describe, expect, test } from "vitest";
import { parseTimestamp, standardTime } from "../../src/signed/validity.ts";
import { armour, makeSigner } from "./signer.ts";
import { verifies, workFolder } from "./ssh-keygen.ts";

const AT = Date.UTC(2026, 6, 15) / 1000;
/** An hour east of Greenwich. */
const local = (parts: Parameters<typeof standardTime>[0]) =>
  Date.UTC(parts.year, parts.month - 1, parts.day, parts.hour - 1, parts.minute, parts.second) /
  1000;

describe("a time of allowed_signers", () => {
  test.each([
    ["20260715Z", AT],
    ["20260715z", AT],
    ["20260715UTC", AT],
    ["202607150102Z", AT + 3720],
    ["20260715010203Z", AT + 3723],
    ["20260715", AT - 3600],
    ["202607150100", AT],
    ["20280229Z", Date.UTC(2028, 1, 29) / 1000],
    ["99991231Z", Date.UTC(9999, 11, 31) / 1000],
  ])("%s is %i", (text, seconds) => {
    expect(parseTimestamp(text, local)).toBe(seconds);
  });

  test.each([
    "",
    "Z",
    "2026",
    "2026071",
    "202607150",
    "2026-07-15",
    "20260715 Z",
    "20260715ZZ",
    "20260015Z",
    "20261315Z",
    "20260700Z",
    "20260732Z",
    "20260230Z",
    "20270229Z",
    "202607152400Z",
    "202607150060Z",
    "20260715000060Z",
    "19700101Z",
    "19691231Z",
    "00010101Z",
    "00990101Z",
    "+0260715Z",
    "2026071５Z",
  ])("%s is none", (text) => {
    expect(parseTimestamp(text, local)).toBeUndefined();
  });
});

describe("a time without a Z", () => {
  const signer = makeSigner("ssh-ed25519");
  const text = Buffer.from("text");
  const armoured = armour(signer.blob, signer.sign(text));

  /** Whether ssh-keygen in that zone takes a key up to this second of 2026, and not the next. */
  function endsAt(zone: string, written: string, seconds: number): boolean {
    const signers = `ana valid-before="${written}" ${signer.line}`;
    const verdictAt = (time: number) => {
      const digits = new Date(time * 1000).toISOString().replace(/\D/g, "").slice(0, 14);
      const when = ["-O", `verify-time=${digits}Z`];
      return verifies(workFolder(), { signers, armoured, text }, when, zone);
    };
    return verdictAt(seconds) && !verdictAt(seconds + 1);
  }

  test.each(["UTC", "Europe/Berlin", "America/New_York", "Australia/Sydney", "Asia/Kolkata"])(
    "means what it does to ssh-keygen, in summer and in winter: %s",
    (zone) => {
      const before = process.env["TZ"];
      for (const written of ["20260115", "202607151200", "20261115235959"]) {
        process.env["TZ"] = zone;
        const seconds = parseTimestamp(written, standardTime);
        if (before === undefined) delete process.env["TZ"];
        else process.env["TZ"] = before;
        expect([written, endsAt(zone, written, seconds ?? 0)]).toEqual([written, true]);
      }
    },
  );
});
