// Fails unless dist/ is what the sources build today. Compares what is packed, not the packing, which another version of
// Node may do otherwise.
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import { build } from 'vite';

const dist = join(import.meta.dirname, 'dist');
const fresh = mkdtempSync(join(tmpdir(), 'supportgraph-playground-'));
const files = (folder) => readdirSync(folder, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
  .sort();

try {
  await build({ root: import.meta.dirname, logLevel: 'warn', build: { outDir: fresh, emptyOutDir: true } });
  const wanted = new Set(files(fresh));
  const there = new Set(files(dist).map((name) => name.replace(/\.br$/, '')));
  const differ = [...new Set([...wanted, ...there])].filter((name) => !wanted.has(name) || !there.has(name)
    || !brotliDecompressSync(readFileSync(join(dist, `${name}.br`))).equals(readFileSync(join(fresh, name))));
  if (differ.length > 0) {
    console.error(`playground/dist is not what the sources build; run \`npm run build\` there and commit it: ${differ.join(', ')}`);
    process.exitCode = 1;
  }
} finally {
  rmSync(fresh, { recursive: true });
}
