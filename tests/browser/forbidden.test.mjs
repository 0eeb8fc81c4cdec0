// The playground of somebody who may not see everything.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startDemo } from '../node/demo.mjs';
import { Playground, startBrowser } from './support.mjs';

let demo, browser;

before(async () => {
  browser = await startBrowser();
  demo = await startDemo(60, {}, '--role', 'SALES_AGENT');
});

after(async () => {
  await Promise.allSettled([browser?.close(), demo?.stop()]);
});

test('tells above the answer what may not be seen', async () => {
  const page = await browser.newPage({ baseURL: demo.url, viewport: { width: 1400, height: 900 } });
  page.setDefaultTimeout(20_000);
  const playground = new Playground(page);
  await playground.open();
  await playground.choose('RequestInOneScreen');

  const result = await playground.execute();

  assert.deepEqual(Object.keys(result), ['data', 'errors'], 'the wire stays as it is');
  assert.equal(result.errors[0].extensions.code, 'FORBIDDEN');
  await playground.answer.getByText('FORBIDDEN').first().waitFor();
  const lines = await playground.answer.locator('.view-line').allTextContents();
  const [first, second, third, fourth] = lines.map((line) => line.replaceAll('\u00a0', ' ').trim());
  assert.deepEqual([first, second, third], ['{', '"errors": [', '{']);
  assert.match(fourth, /^"message": "you are not allowed/);
});
