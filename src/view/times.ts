/** Moments for people, and how long ago they were. */

/** In UTC, as logs write it: `2026-01-31 17:05:09Z`. */
export function renderMoment(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace("T", " ").replace(/\.\d+/, "");
}

/** Rounded down. */
export function ago(seconds: number): string {
  if (seconds < 120) return `${Math.max(0, Math.floor(seconds))} s ago`;
  return seconds < 7200
    ? `${Math.floor(seconds / 60)} min ago`
    : `${Math.floor(seconds / 3600)} h ago`;
}
