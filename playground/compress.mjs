// Replaces each file of dist/ by `<name>.br`. The server holds only these, and inflates them for the
// rare client that does not accept Brotli.
import { readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';

const dist = join(import.meta.dirname, 'dist');
let total = 0;

for (const entry of readdirSync(dist, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile()) continue;
  const path = join(entry.parentPath, entry.name);
  const bytes = readFileSync(path);
  const small = brotliCompressSync(bytes, {
    params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length },
  });
  writeFileSync(`${path}.br`, small);
  rmSync(path);
  total += small.length;
}

console.log(`dist/ holds ${(total / 1e6).toFixed(2)} MB of Brotli`);
