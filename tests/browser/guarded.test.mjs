// The playground of a server that asks everybody for a credential.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startGuarded } from '../node/demo.mjs';
import { Playground, problemsOf, startBrowser } from './support.mjs';

let server, browser;

before(async () => {
  browser = await startBrowser();
  server = await startGuarded();
});

after(async () => {
  await Promise.allSettled([browser?.close(), server?.stop()]);
});

test('asks for a credential, answers with one and keeps it nowhere', async () => {
  const context = await browser.newContext({ baseURL: server.url, viewport: { width: 1400, height: 900 } });
  context.setDefaultTimeout(20_000);
  const problems = problemsOf(context, server.url);
  const said = [];
  context.on('console', (message) => said.push(message.text()));
  const addresses = [];
  context.on('request', (request) => addresses.push(request.url()));
  const challenges = [];
  context.on('response', (response) => {
    if (response.status() === 401) challenges.push(response.headersArray());
  });
  const page = await context.newPage();
  page.on('websocket', (socket) => addresses.push(socket.url()));
  const playground = new Playground(page);

  await playground.open();
  await playground.answer.getByText('This server has to know who asks').first().waitFor();
  await playground.write('subscription Everything { changes { kind entityKind node { ... on Partner { name } } } }');
  await playground.run.click();
  await playground.answer.getByText('4401').first().waitFor();
  for (const headers of await Promise.all(challenges)) {
    const asked = headers.filter(({ name }) => name.toLowerCase() === 'www-authenticate').map(({ value }) => value);
    assert.ok(asked.length > 0 && !asked.some((value) => value.startsWith('Basic')), `no dialogue of the browser: ${asked}`);
  }

  await playground.writeHeaders({ authorization: `Bearer ${server.key}` });
  await page.getByRole('button', { name: 'Re-fetch GraphQL schema' }).click();
  await page.getByRole('button', { name: 'Show Documentation Explorer' }).click();
  await page.getByLabel('Documentation Explorer').getByRole('link', { name: 'Query', exact: true }).waitFor();
  await page.getByRole('button', { name: 'Hide Documentation Explorer' }).click();
  await playground.write('query Mine { viewer { name } partner { name } }');
  const { data } = await playground.execute();
  assert.deepEqual(data, { viewer: { name: 'a test' }, partner: { name: 'Fabrikam Cloud' } });

  await playground.write('subscription Everything { changes { kind entityKind node { ... on Partner { name } } } }');
  await playground.run.click();
  await playground.answer.getByText('"SNAPSHOT_COMPLETE"').first().waitFor();
  server.rename('Fabrikam Renamed');
  await playground.answer.getByText('Fabrikam Renamed').first().waitFor();
  await page.getByRole('button', { name: /^Stop query/ }).click();

  await page.waitForFunction(() => localStorage.getItem('graphiql:tabState')?.includes('Everything'));
  const kept = await page.evaluate(() => JSON.stringify([localStorage, sessionStorage, document.cookie, location.href]));
  for (const text of [kept, ...said, ...addresses]) assert.ok(!text.includes(server.key), text);
  const refused = /^error: Failed to load resource: the server responded with a status of 401/;
  assert.deepEqual(problems.filter((problem) => !refused.test(problem)), []);
  await context.close();
});
