// The files of `examples/`, each with the variables of the `.json` file of the same name, if there is one. Those whose
// name begins with a number are the tabs of a first visit, in that order; the others wait in the history.
const queries = import.meta.glob('../../examples/*.graphql', { query: '?raw', import: 'default', eager: true });
const variables = import.meta.glob('../../examples/*.json', { query: '?raw', import: 'default', eager: true });

const paths = Object.keys(queries).sort();
const isTab = (path) => /\/\d[^/]*$/.test(path);
const read = (path) => ({
  query: queries[path].trim(),
  variables: variables[path.replace(/graphql$/, 'json')]?.trim(),
});
// `who-is-hit` is shown as "Who is hit".
const label = (path) => {
  const words = path.replace(/^.*\//, '').replace('.graphql', '').replaceAll('-', ' ');
  return words[0].toUpperCase() + words.slice(1);
};

export const tabs = paths.filter(isTab).map(read);
export const others = paths.filter((path) => !isTab(path)).map((path) => ({ ...read(path), label: label(path) }));
