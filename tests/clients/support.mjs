// What the tests of all clients share: the feed that they listen to, and the events that they should see.
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';

// One feed for all: whatever happens at the demo's partner.
export const FEED = 'subscription Feed($after: String) { changes(after: $after) { kind cursor } }';
export const eventOf = (result) => result.data.changes;

export const http = (demo) => `${demo.url}/graphql`;
export const webSocket = (demo) => http(demo).replace('http', 'ws');

// Cursors as they come; whoever waits for the next ones hears of them.
export class Seen {
  cursors = [];
  #waiting = [];

  add(event) {
    if (event.kind === 'LIVE') this.cursors.push(event.cursor);
    this.#waiting.splice(0).forEach((look) => look());
  }

  // Resolves once so many have come.
  atLeast(count) {
    return this.#until(() => this.cursors.length >= count);
  }

  // So many from this cursor on, once they have come.
  async from(cursor, count) {
    const at = () => this.cursors.indexOf(cursor);
    await this.#until(() => at() >= 0 && this.cursors.length >= at() + count);
    return this.cursors.slice(at(), at() + count);
  }

  async #until(enough) {
    while (!enough()) await new Promise((look) => this.#waiting.push(look));
  }
}

// Everything that happens, seen by a listener that nothing disturbs.
export async function witness(demo) {
  const client = createClient({ url: webSocket(demo), webSocketImpl: WebSocket, retryAttempts: 0 });
  const seen = new Seen();
  await new Promise((ready, fail) => {
    client.subscribe({ query: FEED }, {
      next(result) {
        if (result.errors) return fail(new Error(JSON.stringify(result.errors)));
        seen.add(eventOf(result));
        ready();
      },
      error: fail,
      complete() {},
    });
  });
  return { seen, stop: () => client.dispose() };
}
