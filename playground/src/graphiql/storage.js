// The browser's storage as GraphiQL gets to see it; null where the browser blocks it.
//
// It differs from the plain one in two things. It keeps no headers, for they may hold tokens:
// `shouldPersistHeaders={false}` covers the tabs alone, and the history would store them. And on a
// first visit it holds the first example as the text edited last, because GraphiQL fills its editors
// from there and not from the first tab, whose variables would be missing.
export function openStorage([firstExample]) {
  try {
    const local = window.localStorage;
    if (firstExample && !local.getItem('graphiql:tabState')) {
      local.setItem('graphiql:query', firstExample.query);
      local.setItem('graphiql:variables', firstExample.variables ?? '');
    }
    return {
      getItem: (key) => local.getItem(key),
      setItem: (key, value) => local.setItem(key, isHistory(key) ? withoutHeaders(value) : value),
      removeItem: (key) => local.removeItem(key),
      clear: () => ownKeys(local).forEach((key) => local.removeItem(key)),
      get length() {
        return ownKeys(local).length;
      },
    };
  } catch {
    return null;
  }
}

const ownKeys = (local) => Object.keys(local).filter((key) => key.startsWith('graphiql:'));

const isHistory = (key) => key === 'graphiql:queries' || key === 'graphiql:favorites';

const withoutHeaders = (json) => JSON.stringify(JSON.parse(json), (key, value) => (key === 'headers' ? undefined : value));
