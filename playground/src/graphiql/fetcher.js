import { getOperationAST, parse } from 'graphql';
import { createClient } from 'graphql-ws';

const ENDPOINT = '/graphql';
const ASKED_WHO = 'This server has to know who asks. Put { "authorization": "Bearer …" } with a token or an API key into the tab '
  + 'Headers below the query; it is kept on this page alone. Then fetch the schema again, by the round arrow on the lower left.';

// What GraphiQL calls for each operation and for introspection. It always resolves to GraphQL
// results: a failure becomes an error entry that tells what to do, where a thrown error would show
// as a stack trace.
export async function fetcher(params, options) {
  let headers;
  try {
    headers = new Headers(options?.headers);
  } catch (error) {
    return failure(`Request not sent. The headers editor holds what is not an HTTP header: ${error.message}`);
  }
  headers.set('accept', 'application/graphql-response+json, application/json;q=0.9');
  headers.set('content-type', 'application/json');
  // What somebody tries must not slow those who work: it runs in a lane of its own.
  headers.set('x-supportgraph-lane', 'playground');

  // For half a second after a change of tabs GraphiQL still names the operation of the tab before.
  const operationName = params.query.includes(params.operationName) ? params.operationName : undefined;

  if (isLive(params.query, operationName)) return live({ ...params, operationName }, headers);

  let response, text;
  try {
    response = await fetch(ENDPOINT, { method: 'POST', headers, body: JSON.stringify({ ...params, operationName }) });
    text = await response.text();
  } catch (error) {
    return failure(`No answer from ${location.origin}${ENDPOINT}. Is the server running? (${error.message})`);
  }

  try {
    const answer = JSON.parse(text);
    return response.status === 401 ? { errors: [{ message: ASKED_WHO }, ...answer.errors] } : answer;
  } catch {
    const status = `${response.status} ${response.statusText}`.trim();
    return failure(`${ENDPOINT} answered ${status} without JSON: ${text.slice(0, 500) || 'an empty body'}`);
  }
}

// A text that cannot be read is the server's to explain.
function isLive(query, operationName) {
  try {
    return getOperationAST(parse(query), operationName)?.operation === 'subscription';
  } catch {
    return false;
  }
}

// GraphiQL shows each result in place of the one before, until it unsubscribes. A browser lets no
// page set headers on a WebSocket; the server reads them from the first message.
function live(params, headers) {
  return {
    subscribe({ next, complete }) {
      const client = createClient({
        url: `${location.origin.replace(/^http/, 'ws')}${ENDPOINT}`,
        connectionParams: Object.fromEntries(headers),
        retryAttempts: 0,
      });
      const end = (error) => {
        if (error) next(Array.isArray(error) ? { errors: error } : failure(closed(error)));
        complete();
        client.dispose();
      };
      client.subscribe(params, { next, error: end, complete: () => end() });
      return { unsubscribe: () => client.dispose() };
    },
  };
}

function closed({ code, reason, message }) {
  if (!code || code === 1006) return `The connection broke. Is the server running? ${message ?? ''}`.trim();
  const why = `The server closed the connection: ${reason || 'no reason given'} (${code})`;
  return code === 4401 ? `${why}. ${ASKED_WHO}` : why;
}

function failure(message) {
  return { errors: [{ message }] };
}
