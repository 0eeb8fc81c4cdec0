// Runs the GraphQL over HTTP audit suite against the server at the given URL and prints one line of JSON per audit.
import { serverAudits } from 'graphql-http';

const [url] = process.argv.slice(2);
if (!url) {
  console.error('usage: node run.mjs http://127.0.0.1:8080/graphql');
  process.exit(2);
}
for (const audit of serverAudits({ url })) {
  const result = await audit.fn();
  const reason = result.status === 'ok' ? '' : `${result.reason}: ${await result.response?.text?.().catch(() => '')}`;
  console.log(JSON.stringify({ id: audit.id, name: audit.name, status: result.status, reason }));
}
