// The playground of a server that asks everybody for a credential.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startGuarded } from '../node/demo.mjs';
import { Playground, problemsOf, startBrowser } from './support.mjs';

const ASKED = 'This server has to know who asks';
const MINE = 'query Mine { viewer { name } partner { __typename } }';
const EVERYTHING = 'subscription Everything { changes { kind entityKind node { ... on Partner { name } } } }';

let server, browser;

before(async () => {
  browser = await startBrowser();
  server = await startGuarded();
});

after(async () => {
  await Promise.allSettled([browser?.close(), server?.stop()]);
});

// Opens the playground as on a first visit, with a key that is good. Whatever the page complains of fails the test, but for
// being refused.
function visit(name, body) {
  test(name, async () => {
    const context = await browser.newContext({ baseURL: server.url, viewport: { width: 1400, height: 900 } });
    context.setDefaultTimeout(20_000);
    const problems = problemsOf(context, server.url);
    try {
      const playground = new Playground(await context.newPage());
      await playground.open();
      await playground.answer.getByText(ASKED).first().waitFor();
      await body(playground, server.issue(), context);
      const refused = /^error: Failed to load resource: the server responded with a status of 401/;
      assert.deepEqual(problems.filter((problem) => !refused.test(problem)), []);
    } finally {
      await context.close();
    }
  });
}

visit('asks for a credential, answers with one and keeps it nowhere', async (playground, key, context) => {
  const { page } = playground;
  const told = [];
  context.on('console', (message) => told.push(message.text()));
  context.on('request', (request) => told.push(request.url()));
  page.on('websocket', (socket) => told.push(socket.url()));

  await playground.write(EVERYTHING);
  await playground.run.click();
  await playground.answer.getByText('4401').first().waitFor();

  await playground.writeHeaders({ authorization: `Bearer ${key}` });
  await page.getByRole('button', { name: 'Re-fetch GraphQL schema' }).click();
  await page.getByRole('button', { name: 'Show Documentation Explorer' }).click();
  await page.getByLabel('Documentation Explorer').getByRole('link', { name: 'Query', exact: true }).waitFor();
  await page.getByRole('button', { name: 'Hide Documentation Explorer' }).click();
  await playground.write(MINE);
  const { data } = await playground.execute();
  assert.deepEqual(data, { viewer: { name: 'a test' }, partner: { __typename: 'Partner' } });

  await playground.write(EVERYTHING);
  await playground.run.click();
  await playground.answer.getByText('"SNAPSHOT_COMPLETE"').first().waitFor();
  server.rename('Fabrikam Renamed');
  await playground.answer.getByText('Fabrikam Renamed').first().waitFor();
  await page.getByRole('button', { name: /^Stop query/ }).click();

  await page.waitForFunction(() => localStorage.getItem('graphiql:tabState')?.includes('Everything'));
  for (const text of [await stored(page), ...told]) assert.ok(!text.includes(key), text);
});

visit('asks in words, without a dialogue of the browser', async ({ page }) => {
  const response = page.waitForResponse((response) => response.status() === 401);
  await page.getByRole('button', { name: 'Re-fetch GraphQL schema' }).click();
  const headers = await (await response).headersArray();
  const asked = headers.filter(({ name }) => name.toLowerCase() === 'www-authenticate').map(({ value }) => value);
  assert.ok(asked.length > 0 && !asked.some((value) => value.startsWith('Basic')), `${asked}`);
});

visit('lets all tabs and the history use what one tab showed, until the page is loaded again', async (playground, key) => {
  const { page } = playground;
  await playground.write(MINE);
  await playground.writeHeaders({ authorization: `Bearer ${key}` });
  await playground.execute();

  await playground.choose('WhoIsCalling');
  assert.equal((await playground.execute()).data.viewer.permissions.length > 0, true);
  await playground.choose('AsItHappens');
  await playground.run.click();
  await playground.answer.getByText('"SNAPSHOT_COMPLETE"').first().waitFor();
  await page.getByRole('button', { name: /^Stop query/ }).click();
  await page.getByRole('button', { name: 'Show History' }).click();
  await page.getByLabel('History').getByRole('button', { name: 'Set active' }).filter({ hasText: 'Seats by country' }).click();
  assert.deepEqual((await playground.execute()).data.customers.nodes, []);
  const schema = page.waitForResponse((response) => response.request().postData()?.includes('IntrospectionQuery'));
  await page.getByRole('button', { name: 'Re-fetch GraphQL schema' }).click();
  assert.equal((await schema).status(), 200);

  await page.waitForFunction(() => localStorage.getItem('graphiql:tabState')?.includes('SeatsByCountry'));
  assert.ok(!(await stored(page)).includes(key), 'it is written nowhere');
  await playground.open();
  await playground.answer.getByText(ASKED).first().waitFor();
  assert.equal((await playground.execute()).data, undefined);
});

visit('forgets what one tab showed once it is refused, but not for the mistake of another', async (playground, key) => {
  const { page } = playground;
  await playground.write(MINE);
  await playground.writeHeaders({ authorization: `Bearer ${key}` });
  await playground.execute();
  await playground.choose('WhoIsCalling');
  await playground.writeHeaders({ authorization: 'Bearer mistyped' });
  assert.equal((await playground.execute()).errors[0].extensions.code, 'UNAUTHENTICATED');
  await playground.choose('Search');
  assert.deepEqual((await playground.execute()).data, { search: [] });

  server.revoke(key);
  const refused = async () => (await playground.execute()).errors?.[0].extensions.code === 'UNAUTHENTICATED';
  const shown = [];
  page.on('request', (request) => shown.push(request.headers().authorization));
  // Servers refuse it within some seconds.
  while (!await refused());
  assert.equal(shown.at(-1), `Bearer ${key}`);
  assert.ok(await refused());
  assert.equal(shown.at(-1), undefined);
});

const stored = (page) => page.evaluate(() => JSON.stringify([localStorage, sessionStorage, document.cookie, location.href]));
