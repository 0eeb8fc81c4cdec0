// The tabs of a first visit: every `examples/*.graphql`, in the order of the file names, with the
// variables of the `.json` file of the same name, if there is one.
const queries = import.meta.glob('../../examples/*.graphql', { query: '?raw', import: 'default', eager: true });
const variables = import.meta.glob('../../examples/*.json', { query: '?raw', import: 'default', eager: true });

export const examples = Object.keys(queries)
  .sort()
  .map((path) => ({
    query: queries[path].trim(),
    variables: variables[path.replace(/graphql$/, 'json')]?.trim(),
  }));
