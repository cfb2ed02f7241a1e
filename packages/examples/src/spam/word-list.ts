/** What a text of unknown words becomes; 0 is what shorter texts are padded with. */
const UNKNOWN = 1;

/** The words of a text in lower case; `$` and `!` are words too. */
export function wordsOf(text: string): string[] {
  return text.toLowerCase().match(/[a-z]{2,15}|[$!]/g) ?? [];
}

/** Numbers for the commonest words: 0 is padding, 1 stands for all other words. */
export class WordList {
  private constructor(private readonly numbers: ReadonlyMap<string, number>) {}

  /** The numbers that {@link indicesOf} gives are below this. */
  get size(): number {
    return this.numbers.size + 2;
  }

  /** The commonest words of some texts, so many that {@link size} is at most `size`. */
  static of(texts: readonly string[], size: number): WordList {
    const counts = new Map<string, number>();
    for (const word of texts.flatMap(wordsOf)) counts.set(word, (counts.get(word) ?? 0) + 1);
    const commonest = [...counts].sort(([, a], [, b]) => b - a).slice(0, size - 2);
    return new WordList(new Map(commonest.map(([word], i) => [word, i + 2])));
  }

  /** The numbers of the first `limit` words of a text. */
  indicesOf(text: string, limit: number): number[] {
    return wordsOf(text)
      .slice(0, limit)
      .map((word) => this.numbers.get(word) ?? UNKNOWN);
  }
}
