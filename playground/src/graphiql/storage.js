// The browser's storage as GraphiQL gets to see it; null where the browser blocks it.
//
// It differs from the plain one in two things. It keeps no headers, for they may hold tokens:
// `shouldPersistHeaders={false}` covers the tabs alone, and the history would store them. And on a
// first visit it holds the text of the first tab as edited last, because GraphiQL fills its editors
// from there and not from the first tab, whose variables would be missing; and favourites in the
// history, which is how GraphiQL keeps queries that are not open.
export function openStorage(firstTab, favorites) {
  try {
    const local = window.localStorage;
    if (!local.getItem('graphiql:tabState')) {
      local.setItem('graphiql:query', firstTab.query);
      local.setItem('graphiql:variables', firstTab.variables ?? '');
      // The history shows what was added last first.
      const items = favorites.map((favorite) => ({ ...favorite, favorite: true })).reverse();
      local.setItem('graphiql:favorites', JSON.stringify({ favorites: items }));
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
