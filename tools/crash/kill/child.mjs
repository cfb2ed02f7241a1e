import { spawn } from 'node:child_process';
import readline from 'node:readline';

/** A child process and what it says, line by line. */
export class Child {
  lines = [];
  errors = '';

  constructor(script, args) {
    this.process = spawn(process.execPath, [script, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    this.process.stderr.on('data', (chunk) => (this.errors += chunk));
    readline.createInterface(this.process.stdout).on('line', (line) => {
      this.lines.push(line);
      this.onLine?.(line);
    });
    /** How it ended: `{ code, signal }`. All that it said has been read by then. */
    this.ended = new Promise((resolve) => {
      this.process.on('close', (code, signal) => {
        this.onLine?.(null);
        resolve({ code, signal });
      });
    });
  }

  /** Resolves once it has said something so often, or has ended. */
  said(pattern, times = 1) {
    return new Promise((resolve) => {
      const look = (last) => {
        if (last !== null && this.lines.filter((line) => pattern.test(line)).length < times) return;
        this.onLine = undefined;
        resolve();
      };
      this.onLine = look;
      look();
    });
  }

  kill(signal) {
    this.process.kill(signal);
  }

  /** The numbers in what it said. */
  numbers(pattern) {
    return this.lines.flatMap((line) => {
      const match = pattern.exec(line);
      return match === null ? [] : [Number(match[1])];
    });
  }
}
