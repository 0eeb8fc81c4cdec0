// Runs the files of tests, tells of each test, and counts them in the last line, for scripts/test:
//
//   node ../node/run.mjs browser playground.test.mjs
import { resolve } from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';

const [name, ...files] = process.argv.slice(2);
const counts = { passed: 0, failed: 0 };
const count = (key) => (event) => {
  if (event.details.type !== 'suite') counts[key] += 1;
};

const tests = run({ files: files.map((file) => resolve(file)), timeout: 300_000 });
tests.on('test:pass', count('passed')).on('test:fail', count('failed'));
const told = tests.compose(spec);
told.pipe(process.stdout);
told.on('end', () => {
  console.log(`${name}: ${counts.passed} passed, ${counts.failed} failed`);
  process.exitCode = counts.failed === 0 && counts.passed > 0 ? 0 : 1;
});
