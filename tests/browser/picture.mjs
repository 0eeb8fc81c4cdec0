// Takes the picture of the README: the board query and its answer, on demo data.
import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';
import { startDemo } from '../node/demo.mjs';
import { Playground, startBrowser } from './support.mjs';

const path = resolve(import.meta.dirname, '../../docs/playground.png');
const demo = await startDemo(300);
const browser = await startBrowser();
try {
  const page = await browser.newPage({ baseURL: demo.url, viewport: { width: 1400, height: 900 }, colorScheme: 'light' });
  const playground = new Playground(page);
  await playground.open();
  await page.getByRole('button', { name: 'Hide editor tools' }).click();
  await playground.execute();
  // The spinner and the bars of the editors have gone, and no pointer rests on a button.
  await page.mouse.move(700, 890);
  await page.locator('.graphiql-spinner').waitFor({ state: 'detached' });
  await page.waitForFunction(() => !document.querySelector('.scrollbar.visible'));
  await page.screenshot({ path, animations: 'disabled' });
} finally {
  await browser.close();
  await demo.stop();
}
try {
  execFileSync('pngquant', ['--force', '--strip', '--speed', '1', '--output', path, path], { stdio: 'inherit' });
  execFileSync('optipng', ['-quiet', '-o5', path], { stdio: 'inherit' });
} catch (error) {
  console.error(`not compressed (${error.message}); pngquant and optipng do that`);
}
