import { spawn } from 'node:child_process';
import readline from 'node:readline';

/** A contestant: a process that stays alive and answers each line with a line of JSON. */
export class Contestant {
  #process;
  #waiting = [];
  #failure = null;

  /** What it said when it was ready: `{ parameters, startMs }`. */
  ready;

  constructor(name, command, args, env = {}) {
    this.name = name;
    this.#process = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'], env: { ...process.env, ...env } });
    let complaints = '';
    this.#process.stderr.on('data', (text) => (complaints = (complaints + text).slice(-2000)));
    this.#process.stdin.on('error', () => undefined);
    this.ready = this.#answer();
    readline.createInterface({ input: this.#process.stdout }).on('line', (line) => {
      if (line.startsWith('{')) this.#waiting.shift()?.resolve(JSON.parse(line));
    });
    const fail = (reason) => {
      this.#failure = new Error(`${name} ended: ${reason}\n${complaints}`);
      for (const { reject } of this.#waiting.splice(0)) reject(this.#failure);
    };
    this.#process.on('error', (error) => fail(error.message));
    this.#process.on('close', (code, signal) => fail(`exit code ${code ?? signal}`));
  }

  /** Trains for some milliseconds, one step at least. */
  burst(ms) {
    return this.#ask(`burst ${ms}`);
  }

  async peakMB() {
    return (await this.#ask('memory')).peakMB;
  }

  end() {
    this.#process.kill('SIGKILL');
  }

  #ask(line) {
    if (this.#failure !== null) throw this.#failure;
    this.#process.stdin.write(`${line}\n`);
    return this.#answer();
  }

  #answer() {
    const answer = new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
    answer.catch(() => undefined);
    return answer;
  }
}
