import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startDemo } from '../node/demo.mjs';
import { Playground, problemsOf, startBrowser } from './support.mjs';

const TABS = ['Board', 'WhoIsCalling', 'IsItDown', 'WhoElseIsHit', 'RequestInOneScreen', 'Coverage', 'Search', 'AsItHappens'];
const OTHERS = [
  'My services',
  'Open a request',
  'Open incidents',
  'Renewals',
  'Seats by country',
  'What does it mean',
  'What we promised',
  'Who is hit',
];

let demo, browser;

before(async () => {
  browser = await startBrowser();
  demo = await startDemo(60);
});

after(async () => {
  await Promise.allSettled([browser?.close(), demo?.stop()]);
});

// Opens the playground as on a first visit. Whatever the page complains of fails the test, and so does any request that
// would leave the server.
function visit(name, options, body = options) {
  test(name, async () => {
    const context = await browser.newContext({
      baseURL: demo.url,
      viewport: { width: 1400, height: 900 },
      ...(body === options ? {} : options),
    });
    context.setDefaultTimeout(20_000);
    const problems = problemsOf(context, demo.url);
    const expected = [];
    try {
      await body(new Playground(await context.newPage()), (pattern) => expected.push(pattern));
      const unexpected = problems.filter((problem) => !expected.some((pattern) => pattern.test(problem)));
      assert.deepEqual(unexpected, []);
    } finally {
      await context.close();
    }
  });
}

for (const path of ['/playground', '/playground/']) {
  visit(`opens at ${path} with the examples in tabs`, async (playground) => {
    await playground.open(path);
    assert.deepEqual(await playground.tabs.getByRole('button', { name: /^\w+$/ }).allTextContents(), TABS);
    assert.equal(await playground.page.title(), 'supportgraph playground');
  });
}

visit('answers the board query with fifty customers', async (playground) => {
  await playground.open();
  const { data, errors } = await playground.execute();
  assert.equal(errors, undefined);
  assert.equal(data.customers.nodes.length, 50);
  await playground.answer.getByText(data.customers.nodes[0].name).first().waitFor();
});

visit('answers every other query, asked at once after opening its tab', async (playground) => {
  await playground.open();
  for (const name of TABS.slice(1, -1)) {
    await playground.choose(name);
    assertAnswered(name, await playground.execute());
  }
});

visit('shows what happens, as it happens, until it is stopped', async (playground) => {
  await playground.open();
  const { page } = playground;
  const opened = page.waitForEvent('websocket');
  await playground.choose('AsItHappens');
  await playground.run.click();
  const socket = await opened;
  await playground.answer.getByText('"LIVE"').first().waitFor({ timeout: 60_000 });
  const closed = socket.waitForEvent('close');
  await page.getByRole('button', { name: /^Stop query/ }).click();
  await closed;
});

visit('lets an EventSource listen, with ids to resume after', async ({ page }) => {
  await page.goto('/playground');
  const cursors = await page.evaluate(() => new Promise((heard, fail) => {
    const query = encodeURIComponent('subscription { changes { cursor } }');
    const source = new EventSource(`/graphql?query=${query}`);
    source.addEventListener('next', ({ data, lastEventId }) => {
      source.close();
      heard([JSON.parse(data).data.changes.cursor, lastEventId]);
    });
    source.addEventListener('error', () => fail(new Error('the stream broke')));
  }));
  assert.equal(cursors[0], cursors[1], 'the id that a browser resumes with is the cursor');
});

visit('tells why it stopped listening', async (playground) => {
  await playground.open();
  await playground.write('subscription Wrong { incidentChanged(after: "forged") { cursor } }');
  await playground.run.click();
  await playground.answer.getByText('"errors"').first().waitFor();
});

visit('keeps the other examples in the history', async (playground) => {
  await playground.open();
  const { page } = playground;
  await page.getByRole('button', { name: 'Show History' }).click();
  const items = page.getByLabel('History').getByRole('button', { name: 'Set active' });
  assert.deepEqual(await items.allTextContents(), OTHERS);
  for (const name of OTHERS) {
    await items.filter({ hasText: name }).click();
    assertAnswered(name, await playground.execute());
  }
});

visit('keeps what was written for the next visit, but no headers', async (playground) => {
  await playground.open();
  const { page } = playground;
  await playground.write('query Mine { viewer { __typename } }');
  await playground.writeHeaders({ 'x-token': 'c29tZXRoaW5n' });
  const sent = page.waitForRequest((request) => request.headers()['x-token'] === 'c29tZXRoaW5n');
  await playground.execute();
  await sent;
  await page.waitForFunction(() => localStorage.getItem('graphiql:tabState')?.includes('query Mine'));
  await page.waitForFunction(() => localStorage.getItem('graphiql:queries')?.includes('query Mine'));
  assert.doesNotMatch(await page.evaluate(() => JSON.stringify(localStorage)), /c29tZXRoaW5n/);
  await playground.open();
  await page.getByLabel('Operation Editor').getByText('Mine').waitFor();
});

visit('explains types in the documentation', async (playground) => {
  await playground.open();
  const { page } = playground;
  await page.getByRole('button', { name: 'Show Documentation Explorer' }).click();
  const docs = page.getByLabel('Documentation Explorer');
  await docs.getByRole('link', { name: 'Customer', exact: true }).first().click();
  const description = docs.locator('.graphiql-markdown-description').first();
  await description.waitFor();
  const answer = await page.request.post('/graphql', { data: { query: '{ __type(name: "Customer") { description } }' } });
  const [firstWords] = (await answer.json()).data.__type.description.split(/[`*\n]/);
  assert.ok(firstWords.length > 10, firstWords);
  assert.ok((await description.textContent()).startsWith(firstWords.trim()));
});

visit('tells what is wrong with a query', async (playground, expect) => {
  // The browser notes every status of 400 and above.
  expect(/^error: Failed to load resource: .* 400/);
  await playground.open();
  await playground.write('query Broken { customers first: 5 { nodes { name } } }');
  const { errors } = await playground.execute();
  assert.match(errors[0].message, /expected|syntax/i);
  assert.ok(errors[0].locations[0].line >= 1);
  await playground.answer.getByText('"message"').first().waitFor();
  await playground.page.getByLabel('Operation Editor').locator('.squiggly-error').first().waitFor();
});

visit('tells when the server cannot be reached', async (playground, expect) => {
  expect(/^error: Failed to load resource: net::ERR_CONNECTION_REFUSED/);
  await playground.open();
  await playground.page.route('/graphql', (route) => route.abort('connectionrefused'));
  await playground.run.click();
  await playground.answer.getByText('Is the server running?').waitFor();
});

for (const [colorScheme, isRight] of [['light', (level) => level > 200], ['dark', (level) => level < 80]]) {
  visit(`is ${colorScheme} where the system is`, { colorScheme }, async (playground) => {
    await playground.open();
    for (const part of ['.graphiql-container', '.graphiql-query-editor']) {
      const color = await playground.page.locator(part).evaluate((element) => {
        // The nearest background that covers.
        for (let at = element; at; at = at.parentElement) {
          const { backgroundColor } = getComputedStyle(at);
          if (!backgroundColor.endsWith(', 0)')) return backgroundColor;
        }
        return getComputedStyle(document.documentElement).colorScheme;
      });
      const level = Math.max(...color.match(/[\d.]+/g).slice(0, 3).map(Number));
      assert.ok(isRight(level), `${part} is ${color}`);
    }
  });
}

visit('fits a narrow screen', { viewport: { width: 390, height: 844 }, hasTouch: true }, async (playground) => {
  await playground.open();
  const { data } = await playground.execute();
  assert.ok(data.customers.nodes.length > 0);
  const width = await playground.page.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(width <= 390, `the page is ${width} px wide`);
  const button = await playground.run.boundingBox();
  assert.ok(button.x >= 0 && button.x + button.width <= 390, 'the button that runs the query is on the screen');
  const answer = await playground.page.getByLabel('Result Window').boundingBox();
  assert.ok(answer.width >= 250 && answer.height >= 200, `the answer has ${answer.width} by ${answer.height} px`);
});

function assertAnswered(name, { data, errors }) {
  assert.equal(errors, undefined, name);
  for (const [field, value] of Object.entries(data)) {
    assert.ok(value !== null && value?.length !== 0, `${name}: ${field} is empty`);
  }
}
