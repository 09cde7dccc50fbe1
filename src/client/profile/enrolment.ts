/** What a gate's host gives its clients: an enrolment, an export, or all of its policy. */
import { isMap, parseDocument } from "yaml";
import { parsePolicy } from "../../policy/parse.ts";
import { readFile } from "../../policy/read.ts";
import { withoutSecrets } from "../../policy/value/secret.ts";
import { fail, ok, type Problem, type Result } from "../../problem/problem.ts";
import { checkHost, clientDoorsOf, HOST, type Profile, profileOf } from "./profiles.ts";

/**
 * Reads what tells of the doors of one host. Of a policy, which has no keys, come the sequences, and
 * signed knocks of doors that have none; of an enrolment, as `postern key show` and `postern agent
 * key` print it, comes a key with what it is for.
 */
export function parseProfile(text: string, file: string): Result<Profile> {
  return isEnrolment(text) ? parseHost(text, file) : parseDoors(text, file);
}

/** Keys of an enrolment that no policy has. */
const KEYS = ["client", "key", "sealing-key"];
const BEGINS = new RegExp(`^\\s*\\{\\s*["']?(?:${KEYS.join("|")})\\b`);

/** By its keys; of one that is broken, by how it begins. */
function isEnrolment(text: string): boolean {
  if (BEGINS.test(text)) return true;
  const { contents } = parseDocument(text, { schema: "failsafe" });
  return isMap(contents) && KEYS.some((key) => contents.has(key));
}

/** Reads an enrolment. */
export function parseHost(text: string, file: string): Result<Profile> {
  const read = readFile(text, file, {
    name: "an enrolment",
    code: "not-an-enrolment",
    shape: HOST,
    check: checkHost,
    holdsSecrets: true,
  });
  return read.ok ? ok(profileOf(read.value)) : fail(...read.problems.map(masked));
}

function parseDoors(text: string, file: string): Result<Profile> {
  const policy = parsePolicy(text, file);
  if (!policy.ok) return fail(...policy.problems.map(masked));
  const doors = clientDoorsOf(policy.value)
    .map((door) => (door.sequence === undefined ? door : { ...door, signed: undefined }))
    .filter(({ sequence, signed }) => sequence !== undefined || signed !== undefined)
    .map((door) => ({ ...door, token: undefined }));
  return ok({ ...KEYLESS, doors });
}

const KEYLESS: Omit<Profile, "doors"> = {
  client: undefined,
  key: undefined,
  sealingKey: undefined,
  identity: undefined,
  bind: undefined,
};

/** A key may have come to stand anywhere, and a problem quotes what it finds. */
function masked({ what, fix, place, ...problem }: Problem): Problem {
  return {
    ...problem,
    what: withoutSecrets(what),
    fix: withoutSecrets(fix),
    ...(place && { place: { ...place, text: withoutSecrets(place.text) } }),
  };
}
