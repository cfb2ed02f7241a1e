/** The tokens of one namespace by number, and the other way round. */
export class TokenList {
  private readonly list: string[] = [];
  private readonly numbers: Map<string, number> = new Map();

  constructor(tokens: Iterable<string> = []) {
    for (const token of tokens) this.add(token);
  }

  get tokens(): readonly string[] {
    return this.list;
  }

  indexOf(token: string): number | undefined {
    return this.numbers.get(token);
  }

  /** Gives a new token the next number; one that has a number keeps it. */
  add(token: string): void {
    if (this.numbers.has(token)) return;
    this.numbers.set(token, this.list.length);
    this.list.push(token);
  }
}
