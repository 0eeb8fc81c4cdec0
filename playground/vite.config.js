import { defineConfig } from 'vite';

export default defineConfig({
  // Absolute on purpose: with './' the page would look for its files one folder too high when it is
  // opened at `/playground`, without the slash at the end.
  base: '/playground/',
  build: {
    // No data: URLs for fonts and pictures, so that the page needs no `data:` for fonts in its policy.
    assetsInlineLimit: 0,
    // The licences of what is bundled ask to travel with it.
    license: { fileName: 'assets/licenses.md' },
    // GraphiQL loads the editor as one piece; its size is known and accepted.
    chunkSizeWarningLimit: 4000,
    rolldownOptions: {
      // React's server components mark modules with "use client"; here that means nothing.
      onLog: (level, log, report) => log.code === 'MODULE_LEVEL_DIRECTIVE' || report(level, log),
    },
  },
  // Module workers from our own files, so that the policy needs no `blob:`.
  worker: { format: 'es' },
});
