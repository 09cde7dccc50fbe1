/** Every order of some things, the one that they have first. */
export function permutationsOf<T>(things: readonly T[]): readonly (readonly T[])[] {
  if (things.length === 0) return [[]];
  return things.flatMap((first, index) =>
    permutationsOf(things.toSpliced(index, 1)).map((others) => [first, ...others]),
  );
}
