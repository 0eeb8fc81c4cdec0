// Must stay first: it tells the editor where its workers are, before anything starts one.
import 'graphiql/setup-workers/vite';

import { GraphiQL } from 'graphiql';
import { createRoot } from 'react-dom/client';

// The parts of `graphiql/style.css`, without the 400 kB of fonts and the second copy of the editor's
// styles that it holds.
import '@graphiql/react/style.css';
import '@graphiql/plugin-doc-explorer/style.css';
import '@graphiql/plugin-history/style.css';
import 'graphiql/graphiql.css';
import './page.css';

import { others, tabs } from './examples.js';
import { fetcher } from './fetcher.js';
import { openStorage } from './storage.js';

createRoot(document.getElementById('root')).render(
  <GraphiQL
    fetcher={fetcher}
    storage={openStorage(tabs[0], others)}
    defaultTabs={tabs}
    defaultEditorToolsVisibility
    shouldPersistHeaders={false}
  >
    <GraphiQL.Logo>supportgraph</GraphiQL.Logo>
  </GraphiQL>,
);
