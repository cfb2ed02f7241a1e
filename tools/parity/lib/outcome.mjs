/** A number, name or order that differs from the fixture. `at` is the way to it. */
export class Mismatch extends Error {
  constructor(at, expected, received) {
    super(`${at}: expected ${show(expected)}, received ${show(received)}`);
    this.name = 'Mismatch';
    this.at = at;
  }
}

/** A fixture that uses something which no package provides yet. */
export class NotCovered extends Error {
  constructor(what) {
    super(what);
    this.name = 'NotCovered';
  }
}

function show(value) {
  const text = value === undefined ? 'nothing' : JSON.stringify(value);
  return text.length > 160 ? `${text.slice(0, 157)}...` : text;
}
