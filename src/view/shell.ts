/** A word as a shell takes it for one. */
export function shellWord(word: string): string {
  return /^[\w./@%+:=-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
