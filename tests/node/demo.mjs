// Servers for tests that need a whole one.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';

const ROOT = resolve(import.meta.dirname, '../..');

// Starts `supportgraph demo` on a free port, unless SUPPORTGRAPH_URL names a server that runs already. `settings` are
// variables of the environment; with them it is always started. `words` are further ones of the command line.
export async function startDemo(customers, settings, ...words) {
  if (process.env.SUPPORTGRAPH_URL && !settings) return { url: process.env.SUPPORTGRAPH_URL.replace(/\/$/, ''), stop() {} };
  return start(['demo', '--customers', `${customers}`, '--port', '0', ...words], { env: { ...process.env, ...settings } });
}

// Starts `supportgraph serve` for a partner without customers, where nobody is answered without an API key: `issue` gives
// one, and `revoke` takes it back. `rename` lets something happen: the partner has another name from then on.
export async function startGuarded() {
  const folder = mkdtempSync(join(tmpdir(), 'supportgraph-guarded-'));
  const settings = { SUPPORTGRAPH_AUTH__REQUIRED: 'true', SUPPORTGRAPH_SERVER__LISTEN: '127.0.0.1:0' };
  const options = { cwd: folder, env: { PATH: process.env.PATH, ...settings } };
  const run = (...words) => execFileSync(binary(), words, { ...options, stdio: ['ignore', 'pipe', 'ignore'] }).toString();
  const file = join(folder, 'partner.toml');
  copyFileSync(join(ROOT, 'docs/partner.example.toml'), file);
  run('import', file);
  const server = await start(['serve'], options);
  return {
    url: server.url,
    issue: () => run('key', 'issue', '--name', 'a test', '--role', 'GLOBAL_ADMIN').trim(),
    revoke: (key) => run('key', 'revoke', key.split('_')[1]),
    rename(name) {
      writeFileSync(file, readFileSync(file, 'utf8').replace(/^name = .*/m, `name = "${name}"`));
      run('import', file);
    },
    async stop() {
      await server.stop();
      rmSync(folder, { recursive: true });
    },
  };
}

function binary() {
  const path = join(process.env.CARGO_TARGET_DIR ?? join(ROOT, 'target'), 'debug/supportgraph');
  if (!existsSync(path)) throw new Error(`there is no ${path}; build it with \`cargo build\``);
  return path;
}

// Until it says where it listens.
async function start(words, options) {
  const server = spawn(binary(), words, { ...options, stdio: ['ignore', 'pipe', 'inherit'] });
  process.on('exit', () => server.kill());
  const stop = async () => {
    if (server.exitCode === null && server.kill()) await once(server, 'exit');
  };
  for await (const line of createInterface({ input: server.stdout })) {
    const [, url] = /(http:\S+)\/playground$/.exec(line) ?? [];
    if (url) return { url, stop };
  }
  throw new Error(`${words.join(' ')} did not start`);
}
