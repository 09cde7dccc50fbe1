/** How the page knocks, and finds out what came of it. */

/**
 * A page sees of a port only whether a request to it was answered, failed, or met silence. Where
 * the gate drops, silence that has ended with a knock is therefore a door that has opened.
 */
export const KNOCK_SCRIPT = `\
const SLOT_MILLISECONDS = 10000;
/** A gate takes tokens of so many slots ahead. */
const MOST_AHEAD = 5;

const remembered = new Map();

/** What stays in this browser; a file may have no storage, and then the page remembers. */
function recall(name) {
  try {
    return Number(localStorage.getItem(name)) || remembered.get(name) || 0;
  } catch {
    return remembered.get(name) || 0;
  }
}

function remember(name, slot) {
  remembered.set(name, slot);
  try {
    localStorage.setItem(name, String(slot));
  } catch {
    // Remembered above.
  }
}

/** One that no knock of this browser has used; undefined when there were too many. */
function takeSlot(name) {
  const now = Math.floor(Date.now() / SLOT_MILLISECONDS);
  const last = recall(name);
  if (last === now + MOST_AHEAD) return undefined;
  // One that is later still was used by a clock that has been set back since.
  const slot = last > now + MOST_AHEAD ? now : Math.max(now, last + 1);
  remember(name, slot);
  return slot;
}

/**
 * "answered", "failed", or "silent" for so long. Of requests that are silent browsers keep the
 * half-made connection, for the next one with as many credentials; and there are none.
 */
async function meet(url, milliseconds, credentials = "omit") {
  const stop = new AbortController();
  let answer = "failed";
  const timer = setTimeout(() => {
    answer = "silent";
    stop.abort();
  }, milliseconds);
  // What the policy of this page forbids is a redirect to elsewhere: an answer, too.
  const redirected = () => {
    answer = "answered";
  };
  document.addEventListener("securitypolicyviolation", redirected);
  try {
    await fetch(url, {
      mode: "no-cors",
      cache: "no-store",
      credentials,
      referrerPolicy: "no-referrer",
      signal: stop.signal,
    });
    answer = "answered";
  } catch {
    // What was forbidden is told a little later than that it failed.
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  clearTimeout(timer);
  document.removeEventListener("securitypolicyviolation", redirected);
  stop.abort();
  return answer;
}

/**
 * Outcomes: "open", "shut", "delivered" (nobody can tell what came of it), "early" (so it was
 * before the knock), "lost" (no web server answered), "often" and "barred" (from such a page a
 * browser lets no knock out); and when the knock was sent.
 */
async function knock(gate, door, wasOpened) {
  let outcome = "often";
  let sentAt = 0;
  if (location.protocol === "https:") return { outcome: "barred", sentAt };
  for (const carrier of door.carriers) {
    const slot = takeSlot([gate.client, gate.host, door.name, carrier.name].join(" "));
    if (slot === undefined) continue;
    const isKnown = door.probe === undefined || wasOpened;
    const before = isKnown ? "silent" : await meet(door.probe, 800, "include");
    const token = tokenFor(gate.key, door.name, carrier.name, slot);
    sentAt = Date.now();
    const sent = await meet(carrier.url + token, 5000);
    outcome = await tell(door, before, sent);
    if (outcome !== "lost" && outcome !== "shut") break;
  }
  return { outcome, sentAt };
}

async function tell(door, before, sent) {
  const unknown = sent === "answered" ? "delivered" : "lost";
  if (door.probe === undefined) return unknown;
  if (before !== "silent" && door.isSilent) return sent === "answered" ? "early" : "lost";
  const after = await meet(door.probe, 4000);
  if (after === "answered") return "open";
  if (!door.isSilent) return unknown;
  return after === "failed" ? "open" : sent === "answered" ? "shut" : "lost";
}
`;
