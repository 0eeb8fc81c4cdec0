// A demo for tests that need a whole server.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';

const ROOT = resolve(import.meta.dirname, '../..');

// Starts `supportgraph demo` on a free port, unless SUPPORTGRAPH_URL names a server that runs already. `settings` are
// variables of the environment; with them it is always started.
export async function startDemo(customers, settings) {
  if (process.env.SUPPORTGRAPH_URL && !settings) return { url: process.env.SUPPORTGRAPH_URL.replace(/\/$/, ''), stop() {} };
  const binary = join(process.env.CARGO_TARGET_DIR ?? join(ROOT, 'target'), 'debug/supportgraph');
  if (!existsSync(binary)) throw new Error(`there is no ${binary}; build it with \`cargo build\``);
  const options = { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, ...settings } };
  const demo = spawn(binary, ['demo', '--customers', `${customers}`, '--port', '0'], options);
  process.on('exit', () => demo.kill());
  const stop = async () => {
    if (demo.exitCode === null && demo.kill()) await once(demo, 'exit');
  };
  for await (const line of createInterface({ input: demo.stdout })) {
    const [, url] = /^ *playground +(http:\S+)\/playground$/.exec(line) ?? [];
    if (url) return { url, stop };
  }
  throw new Error('the demo did not start');
}
