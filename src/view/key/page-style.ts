/** How the page looks: in the light and in the dark, with room for what will be said. */

export const STYLE = `\
:root {
  color-scheme: light dark;
  --ground: #f4f5f2; --card: #fff; --ink: #1d2321; --soft: #56605c; --line: #d5dad6;
  --act: #1f5d4c; --act-ink: #fff;
  --open: #176b3a; --shut: #a3261d; --else: #6d4a00;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #121614; --card: #1c2220; --ink: #e9eeeb; --soft: #a5b0ab; --line: #39423e;
    --act: #7cc9b0; --act-ink: #0d1a15;
    --open: #7ddc9f; --shut: #ff9c92; --else: #f0c674;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--ground); color: var(--ink);
  font: 1rem/1.45 system-ui, sans-serif; -webkit-text-size-adjust: 100%;
}
main {
  max-width: 30rem; margin: 0 auto;
  padding: max(1.25rem, env(safe-area-inset-top)) 1rem max(2rem, env(safe-area-inset-bottom));
}
h1 { margin: 0; font-size: 1.35rem; line-height: 1.25; overflow-wrap: anywhere; }
.client { margin: .15rem 0 1.25rem; color: var(--soft); }
.door {
  margin: 0 0 1rem; padding: 1rem; background: var(--card);
  border: 1px solid var(--line); border-radius: .9rem;
}
.head { display: flex; justify-content: space-between; align-items: baseline; gap: 1rem; }
h2 { margin: 0; font-size: 1.15rem; overflow-wrap: anywhere; }
.left { font-size: 1.15rem; font-weight: 600; font-variant-numeric: tabular-nums; }
.left, .title { color: var(--else); }
.protects { margin: 0; color: var(--soft); font-size: .9rem; overflow-wrap: anywhere; }
.said { min-height: 7.3rem; padding: .6rem 0 .9rem; }
.title, .words { margin: 0; }
.title { font-weight: 600; }
[data-outcome="open"] :is(.title, .left) { color: var(--open); }
[data-outcome="shut"] .title, [data-outcome="lost"] .title { color: var(--shut); }
[data-outcome="idle"] .title, [data-outcome="over"] .title,
[data-outcome="knocking"] .title { color: var(--soft); }
button {
  width: 100%; min-height: 3.25rem; padding: .5rem 1rem; border: 0; border-radius: .7rem;
  background: var(--act); color: var(--act-ink); font: inherit; font-weight: 600;
  touch-action: manipulation; cursor: pointer;
}
button:disabled { opacity: .5; cursor: default; }
:is(button, summary):focus-visible { outline: 3px solid var(--else); outline-offset: 3px; }
details { margin-top: 1.5rem; color: var(--soft); }
summary { padding: .6rem 0; cursor: pointer; }
li { margin-bottom: .5rem; }
ul { margin: 0; padding-left: 1.2rem; }
`;
