/** What the page shows of a knock. */

/** Runs last: the elements are there, and so are the parts that make tokens and knock. */
export const VIEW_SCRIPT = `\
const gate = JSON.parse(document.getElementById("gate").textContent);
gate.key = Uint8Array.from(atob(gate.key), (character) => character.charCodeAt(0));

const MEANINGS = {
  open: (door) => ["Open", "Connect now: it opened for " + door.openFor + "."],
  shut: (door) => ["Still shut", "The knock arrived, and port " + door.port + " stays silent."],
  delivered: (door) => [
    "Knocked",
    "The web server answered. A browser cannot see whether this door opened; if so, for " +
      door.openFor + ".",
  ],
  early: (door) => [
    "Knocked",
    "Port " + door.port + " answered before the knock, too: it was open to you, or something " +
      "on the way answers for it.",
  ],
  lost: () => ["Not delivered", "No web server of " + gate.host + " answered the knock."],
  barred: () => [
    "Not sent",
    "From a page that came over https no browser sends a knock: save this page, and open the file.",
  ],
  often: () => ["Wait a moment", "These were too many knocks within ten seconds."],
};
const COUNTED = ["open", "delivered"];

function show(card, outcome, title, words) {
  card.dataset.outcome = outcome;
  card.querySelector(".title").textContent = title;
  card.querySelector(".words").textContent = words;
}

/** Counts what is left of the time that the door is open for, which began on the way. */
function countDown(card, door, sentAt) {
  const end = sentAt + door.openSeconds * 1000;
  const left = card.querySelector(".left");
  const tick = () => {
    const seconds = Math.ceil((end - Date.now()) / 1000);
    left.textContent = seconds > 0 ? printLeft(seconds) : "";
    if (seconds > 0) return;
    clearInterval(card.timer);
    show(card, "over", "Shut again", "What you connected goes on. Knock again to connect anew.");
  };
  card.timer = setInterval(tick, 250);
  tick();
}

function printLeft(seconds) {
  const [minutes, rest] = [Math.floor(seconds / 60), seconds % 60];
  return minutes === 0 ? rest + " s" : minutes + ":" + String(rest).padStart(2, "0");
}

let isKnocking = false;

async function knockAt(card, door) {
  if (isKnocking) return;
  isKnocking = true;
  const wasOpened = card.dataset.outcome === "open";
  clearInterval(card.timer);
  card.querySelector(".left").textContent = "";
  show(card, "knocking", "Knocking\\u2026", "");
  const { outcome, sentAt } = await knock(gate, door, wasOpened);
  show(card, outcome, ...MEANINGS[outcome](door));
  if (COUNTED.includes(outcome)) countDown(card, door, sentAt);
  isKnocking = false;
}

for (const door of gate.doors) {
  const card = document.getElementById("door-" + door.name);
  const button = card.querySelector("button");
  button.addEventListener("click", () => knockAt(card, door));
  button.disabled = false;
}
`;
