// Runs the tests, tells of each, and counts them in the last line, for scripts/test.
import { join } from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';

const counts = { passed: 0, failed: 0 };
const count = (key) => (event) => {
  if (event.details.type !== 'suite') counts[key] += 1;
};

const tests = run({ files: [join(import.meta.dirname, 'playground.test.mjs')], timeout: 300_000 });
tests.on('test:pass', count('passed')).on('test:fail', count('failed'));
const told = tests.compose(spec);
told.pipe(process.stdout);
told.on('end', () => {
  console.log(`browser: ${counts.passed} passed, ${counts.failed} failed`);
  process.exitCode = counts.failed === 0 && counts.passed > 0 ? 0 : 1;
});
