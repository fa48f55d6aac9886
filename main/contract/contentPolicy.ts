// Holds the page's Content-Security-Policy, sent by the shell and by the browser's server alike: scripts of our own alone.

/** Styles may stand inline, because the component library writes them; everything else comes from where the page came. */
export const contentPolicy = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "font-src 'self'",
  "connect-src 'self'",
  "worker-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');
