// The Worker with a route more, on which Go panics. Its module is built with the
// tag forcedtrap; no shipped module has that export.
import { hot } from "../src/hot.js";
import { routes, worker } from "../src/index.js";

export { SpentTokens } from "../src/index.js";

export default worker({
  ...routes,
  "/panic": () => hot().call("edge_panic", false, () => undefined, () => new Response("no panic")),
});
