/// <reference types="vite/client" />
/** Version of the page's sources; the service tells its own in the header `x-page-version`. */
declare const __VERSION__: string;
