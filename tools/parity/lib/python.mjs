/** The value of a Python literal: numbers, texts in single quotes, True, False, None, lists and dicts of these. */
export function literal(text) {
  const json = text.replaceAll("'", '"').replace(/\b(None|True|False)\b/g, (word) => WORDS[word]);
  return JSON.parse(json);
}

const WORDS = { None: 'null', True: 'true', False: 'false' };
