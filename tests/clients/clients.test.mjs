import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { ApolloClient, HttpLink, InMemoryCache, gql as apolloGql } from '@apollo/client';
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { Client as UrqlClient, fetchExchange, gql as urqlGql, subscriptionExchange } from '@urql/core';
import { createClient as createSseClient } from 'graphql-sse';
import { createClient as createWsClient } from 'graphql-ws';
import { pipe, subscribe } from 'wonka';
import WebSocket from 'ws';
import { startDemo } from '../node/demo.mjs';
import { FEED, Seen, eventOf, http, webSocket, witness } from './support.mjs';

const TIMEOUT = { timeout: 120_000 };
const QUERY = '{ __typename }';
let demo, everything;

// Apollo's link looks for the browser's, which Node has from version 22 on.
globalThis.WebSocket ??= WebSocket;

before(async () => {
  demo = await startDemo(20);
  everything = await witness(demo);
});

after(async () => {
  everything?.stop();
  await demo?.stop();
});

const wsClient = (options) =>
  createWsClient({ url: webSocket(demo), webSocketImpl: WebSocket, lazy: true, retryAttempts: 0, ...options });
const sseClient = (options) => createSseClient({ url: http(demo), retryAttempts: 0, ...options });
const apollo = (link) => new ApolloClient({ link, cache: new InMemoryCache() });
const urql = (options) => new UrqlClient({ url: http(demo), preferGetMethod: false, exchanges: [fetchExchange], ...options });

// A client that follows the interface of graphql-ws and graphql-sse.
const plain = (make) => () => {
  const client = make();
  return {
    query: () => new Promise((next, error) => client.subscribe({ query: QUERY }, { next, error, complete() {} })),
    refused: () => new Promise((next, error) => client.subscribe({ query: '{ nothing }' }, {
      next: (result) => (result.errors ? error(result.errors) : next(result)), error, complete() {},
    })),
    listen: (variables, next, error) => client.subscribe({ query: FEED, variables }, { next, error, complete() {} }),
    dispose: () => client.dispose(),
  };
};

const apolloWith = (makeLink) => () => {
  const link = makeLink();
  const client = apollo(link);
  return {
    query: () => client.query({ query: apolloGql(QUERY) }),
    refused: () => client.query({ query: apolloGql('{ nothing }') }),
    listen(variables, next, error) {
      const subscription = client.subscribe({ query: apolloGql(FEED), variables }).subscribe({
        next: (result) => (result.error ? error(result.error) : next(result)), error,
      });
      return () => subscription.unsubscribe();
    },
    dispose: () => client.stop(),
  };
};

const urqlWith = (makeOptions) => () => {
  const client = urql(makeOptions());
  const thrown = ({ data, error }) => {
    if (error) throw error;
    return { data };
  };
  return {
    query: () => client.query(urqlGql(QUERY), {}).toPromise().then(thrown),
    refused: () => client.query(urqlGql('{ nothing }'), {}).toPromise().then(thrown),
    listen(variables, next, error) {
      const source = client.subscription(urqlGql(FEED), variables);
      return pipe(source, subscribe((result) => (result.error ? error(result.error) : next(result)))).unsubscribe;
    },
    dispose() {},
  };
};

// urql does not catch what the reader of an aborted answer throws, which would fail whichever test runs.
async function fetchAndEndQuietly(url, options) {
  const response = await fetch(url, options);
  const { readable, writable } = new TransformStream();
  response.body.pipeTo(writable, { preventAbort: true }).catch(() => {});
  return new Response(readable, response);
}

const CLIENTS = {
  'graphql-ws': plain(wsClient),
  'graphql-sse, a connection for each operation': plain(sseClient),
  'graphql-sse, one connection': plain(() => sseClient({ singleConnection: true })),
  'Apollo Client over multipart': apolloWith(() => new HttpLink({ uri: http(demo) })),
  'Apollo Client over WebSocket': apolloWith(() => new GraphQLWsLink(wsClient())),
  'urql over server-sent events': urqlWith(() => ({ fetchSubscriptions: true, fetch: fetchAndEndQuietly })),
  'urql over WebSocket': urqlWith(() => {
    const client = wsClient();
    const forwardSubscription = (request) => ({
      subscribe: (sink) => ({ unsubscribe: client.subscribe({ ...request, query: request.query ?? '' }, sink) }),
    });
    return { exchanges: [fetchExchange, subscriptionExchange({ forwardSubscription })] };
  }),
};

// Most of the time they wait for something to happen, so they do it together.
describe('clients', { concurrency: true }, () => {
  for (const [name, make] of Object.entries(CLIENTS)) {
    test(`${name}: asks a query`, TIMEOUT, async () => {
      const client = make();
      const { data } = await client.query();
      assert.deepEqual(data, { __typename: 'Query' });
      await client.dispose();
    });

    test(`${name}: hears why a query is refused`, TIMEOUT, async () => {
      const client = make();
      const refused = client.refused().catch((error) => {
        // graphql-ws and graphql-sse reject with the list itself.
        throw Array.isArray(error) ? new Error(error[0].message) : error;
      });
      // On one connection graphql-sse tells the status alone.
      await assert.rejects(refused, name.endsWith('one connection') ? /400: Bad Request/ : /nothing/);
      await client.dispose();
    });

    test(`${name}: listens, leaves, and misses nothing when it comes back`, TIMEOUT, async () => {
      const seen = new Seen();
      const listen = (client, variables) => new Promise((listening, fail) => {
        const stop = client.listen(variables, (result) => {
          if (result.errors) return fail(new Error(JSON.stringify(result.errors)));
          seen.add(eventOf(result));
          listening(() => stop());
        }, fail);
      });

      const client = make();
      let stop = await listen(client, {});
      await seen.atLeast(2);
      stop();
      const before = everything.seen.cursors.length;
      await everything.seen.atLeast(before + 2);
      stop = await listen(client, { after: seen.cursors.at(-1) });
      await seen.atLeast(seen.cursors.length + 4);
      stop();
      await client.dispose();

      const cursors = [...seen.cursors];
      assert.deepEqual(cursors, await everything.seen.from(cursors[0], cursors.length));
    });
  }

  // Both of these clients connect again by themselves and send what they were given. When that is changed by each event,
  // they go on where they were.
  test('graphql-ws: goes on by itself after its connection broke', TIMEOUT, async () => {
    const client = wsClient({ retryAttempts: 5, retryWait: async () => {} });
    await goesOnByItself(client, () => client.terminate());
    await client.dispose();
  });

  test('graphql-sse: goes on by itself after its connection broke', TIMEOUT, async () => {
    let connection = new AbortController();
    const fetchFn = (url, options) => {
      connection = new AbortController();
      return fetch(url, { ...options, signal: AbortSignal.any([options.signal, connection.signal]) });
    };
    const client = sseClient({ retryAttempts: 5, retry: async () => {}, fetchFn });
    await goesOnByItself(client, () => connection.abort(new TypeError('the network is gone')));
    client.dispose();
  });

  for (const method of ['POST', 'GET']) {
    test(`Apollo Client: sends a document once and names it from then on, by ${method}`, TIMEOUT, async () => {
      const sent = [];
      const recorded = (uri, options) => {
        sent.push(`${options.method} ${/"query":|[?&]query=/.test(options.body ?? uri) ? 'document' : 'hash'}`);
        return fetch(uri, options);
      };
      const sha256 = (text) => createHash('sha256').update(text).digest('hex');
      const naming = new PersistedQueryLink({ sha256, useGETForHashedQueries: method === 'GET' });
      const client = apollo(naming.concat(new HttpLink({ uri: http(demo), fetch: recorded })));
      const query = apolloGql(`query By${method} { viewer { name } }`);
      for (let times = 0; times < 2; times += 1) {
        const { data } = await client.query({ query, fetchPolicy: 'no-cache' });
        assert.equal(data.viewer.name, 'local');
      }
      assert.deepEqual(sent, [`${method} hash`, 'POST document', `${method} hash`]);
      client.stop();
    });
  }

  // As docs/LIVE.md shows it, with shorter times.
  test('graphql-ws: renews its token and keeps its socket', TIMEOUT, async () => {
    const shortLived = await startDemo(1, { SUPPORTGRAPH_LIVE__SESSION_SECONDS: '3' });
    let socket, timer, renewals = 0, client;
    const ended = new Promise((end, fail) => {
      const renewIn = (expiresAt) => {
        clearTimeout(timer);
        timer = setTimeout(renew, Date.parse(expiresAt) - Date.now() - 2_000);
      };
      const renew = () => socket.send(JSON.stringify({ type: 'ping', payload: { authorization: 'Bearer fresh' } }));
      client = createWsClient({
        url: webSocket(shortLived),
        webSocketImpl: WebSocket,
        lazy: false,
        retryAttempts: 0,
        on: {
          connected(connected, payload) {
            socket = connected;
            renewIn(payload.expiresAt);
          },
          pong(received, payload) {
            if (!received) return;
            renewals += 1;
            if (renewals < 5) renewIn(payload.expiresAt);
          },
          closed: ({ code, reason }) => end({ code, reason }),
          error: fail,
        },
        onNonLazyError() {},
      });
    });
    const { code, reason } = await ended;
    assert.equal(renewals, 5, 'it lived for longer than one token');
    assert.equal(code, 4403);
    assert.match(reason, /^token expired/);
    await client.dispose();
    await shortLived.stop();
  });
});

async function goesOnByItself(client, disturb) {
  const seen = new Seen();
  const payload = { query: FEED, variables: {} };
  const failed = new Promise((_, error) => {
    client.subscribe(payload, {
      next(result) {
        payload.variables.after = eventOf(result).cursor;
        seen.add(eventOf(result));
      },
      error,
      complete() {},
    });
  });
  await Promise.race([failed, seen.atLeast(2)]);
  disturb();
  await Promise.race([failed, seen.atLeast(6)]);
  const cursors = [...seen.cursors];
  assert.deepEqual(cursors, await everything.seen.from(cursors[0], cursors.length));
}
