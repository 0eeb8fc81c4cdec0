import { getOperationAST, parse } from 'graphql';
import { createClient } from 'graphql-ws';

import { forget, keep, show } from './credential.js';

const ENDPOINT = '/graphql';
// Its headers stand apart: in a text they would be shown with backslashes, and could not be copied.
const ASKED_WHO = {
  message: 'This server has to know who asks. Put these headers, with a token or an API key, into Headers below the query, and '
    + 'run it: from then on the other tabs and the history use the authorization, too. It is kept in the memory of this page '
    + 'alone, so after a reload it is gone. Fetch the schema, for completion and documentation, by the round arrow on the lower '
    + 'left.',
  headers: { authorization: 'Bearer …' },
};

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
  show(headers);
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
    const answer = errorsFirst(JSON.parse(text));
    if (response.ok) keep(headers);
    if (response.status !== 401) return answer;
    forget(headers);
    return { errors: [ASKED_WHO, ...answer.errors] };
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
        on: { connected: () => keep(headers) },
      });
      const end = (error) => {
        if (error) next(Array.isArray(error) ? errorsFirst({ errors: error }) : closed(error));
        complete();
        client.dispose();
      };
      client.subscribe(params, { next: (result) => next(errorsFirst(result)), error: end, complete: () => end() });
      return { unsubscribe: () => client.dispose() };
    },
  };
}

function closed({ code, reason, message }) {
  if (!code || code === 1006) return failure(`The connection broke. Is the server running? ${message ?? ''}`.trim());
  const { errors } = failure(`The server closed the connection: ${reason || 'no reason given'} (${code})`);
  return { errors: code === 4401 ? [ASKED_WHO, ...errors] : errors };
}

// Above the data, and what each says above where that is: so it is seen at once.
function errorsFirst({ errors, ...rest }) {
  return errors ? { errors: errors.map(({ message, path, ...more }) => ({ message, path, ...more })), ...rest } : rest;
}

function failure(message) {
  return { errors: [{ message }] };
}
