/**
 * The fenced blocks of a Markdown text, in order: `{ language, line, file, code }`. `line` is that of the first line of code.
 * A block whose first line is a comment with a file name (`// train.ts`) is that file, and `code` what follows.
 */
export function fencedBlocks(markdown) {
  return [...markdown.matchAll(/^```(\w+)\n(.*?)^```$/gms)].map(({ 1: language, 2: text, index }) => {
    const line = markdown.slice(0, index).split('\n').length + 1;
    const [, file = null] = /^\/\/ (\S+\.\w+)\n/.exec(text) ?? [];
    return { language, line, file, code: file === null ? text : text.slice(text.indexOf('\n') + 1) };
  });
}

/** The lines of a shell block: `{ command, prints }`; `prints`, after ` # `, is what the command is said to print. */
export function commandLines(code) {
  return code
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const [command, prints = null] = line.split(' # ');
      return { command: command.trim(), prints };
    });
}
