// What the tests and the picture share: a browser, and the parts of the page.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const BROWSERS = ['chromium', 'chromium-browser', 'google-chrome'];

// Nothing but this machine can be reached from it.
export function startBrowser() {
  const folders = (process.env.PATH ?? '').split(':');
  const paths = BROWSERS.flatMap((name) => folders.map((folder) => join(folder, name)));
  const executablePath = process.env.CHROMIUM ?? paths.find((path) => existsSync(path));
  if (!executablePath) throw new Error(`there is no ${BROWSERS.join(' or ')}; CHROMIUM may hold the path of one`);
  return chromium.launch({
    executablePath,
    // Chromium's sandbox needs rights that root has not in most containers.
    chromiumSandbox: process.getuid?.() !== 0,
    args: ['--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost'],
  });
}

// Whatever pages complain of, and every request that would leave the server at `url`.
export function problemsOf(context, url) {
  const problems = [];
  context.on('request', (request) => {
    const { protocol, origin } = new URL(request.url());
    if (protocol !== 'data:' && origin !== url) problems.push(`request to ${request.url()}`);
  });
  context.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) problems.push(`${message.type()}: ${message.text()}`);
  });
  context.on('weberror', (error) => problems.push(`not caught: ${error.error().stack}`));
  context.on('page', (page) => page.on('websocket', (socket) => {
    if (new URL(socket.url()).host !== new URL(url).host) problems.push(`connection to ${socket.url()}`);
  }));
  return problems;
}

// The parts of the playground, as a person would find them.
export class Playground {
  constructor(page) {
    this.page = page;
    this.tabs = page.getByRole('tablist').getByRole('tab');
    this.answer = page.getByLabel('Result Window').locator('.view-lines');
    this.run = page.getByRole('button', { name: /^Execute query/ });
  }

  // Until the schema has arrived and the editors are there.
  async open(path = '/playground') {
    const { page } = this;
    const schema = page.waitForResponse((response) => isOperation(response, 'IntrospectionQuery'));
    await page.goto(path);
    await (await schema).finished();
    await page.getByLabel('Operation Editor').locator('.view-line').first().waitFor();
    await this.run.waitFor();
  }

  // Clicks what starts an operation; resolves to its answer when the page shows it.
  async answerTo(click) {
    const answered = this.page.waitForResponse((response) => isOperation(response));
    await click();
    const result = await (await answered).json();
    await this.answer.getByText(result.errors ? '"errors"' : '"data"').first().waitFor();
    return result;
  }

  // The tab with the operation of that name.
  choose(name) {
    return this.tabs.getByRole('button', { name, exact: true }).click();
  }

  execute() {
    return this.answerTo(() => this.run.click());
  }

  // Into the editor of headers, in place of what is there.
  async writeHeaders(headers) {
    const { page } = this;
    await page.getByRole('button', { name: 'Headers' }).click();
    await page.getByLabel('Headers').locator('.graphiql-editor:not(.hidden) .view-lines').click();
    await page.keyboard.press('ControlOrMeta+A');
    await page.keyboard.insertText(JSON.stringify(headers));
  }

  async write(query) {
    await this.page.getByLabel('Operation Editor').locator('.view-lines').first().click();
    await this.page.keyboard.press('ControlOrMeta+A');
    await this.page.keyboard.insertText(query);
  }
}

function isOperation(response, name) {
  const request = response.request();
  if (request.method() !== 'POST' || new URL(request.url()).pathname !== '/graphql') return false;
  const { operationName } = request.postDataJSON();
  return name ? operationName === name : operationName !== 'IntrospectionQuery';
}
