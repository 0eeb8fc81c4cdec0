const ENDPOINT = '/graphql';

// What GraphiQL calls for each operation and for introspection. It always resolves to a GraphQL
// result: a failure becomes an error entry that tells what to do, where a thrown error would show
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

  // For half a second after a change of tabs GraphiQL still names the operation of the tab before.
  const operationName = params.query.includes(params.operationName) ? params.operationName : undefined;

  let response, text;
  try {
    response = await fetch(ENDPOINT, { method: 'POST', headers, body: JSON.stringify({ ...params, operationName }) });
    text = await response.text();
  } catch (error) {
    return failure(`No answer from ${location.origin}${ENDPOINT}. Is the server running? (${error.message})`);
  }

  try {
    return JSON.parse(text);
  } catch {
    const status = `${response.status} ${response.statusText}`.trim();
    return failure(`${ENDPOINT} answered ${status} without JSON: ${text.slice(0, 500) || 'an empty body'}`);
  }
}

function failure(message) {
  return { errors: [{ message }] };
}
