// The Worker with two routes more, on which Go panics. Its module is built with the
// tag forcedtrap; no shipped module has that export.
import type { Call } from "../src/call.js";
import { hot } from "../src/hot.js";
import { routes, worker } from "../src/index.js";
import { redeem } from "../src/redeem.js";

export { SpentTokens } from "../src/index.js";

const panic = () => hot().call("edge_panic", false, () => undefined, () => new Response("no panic"));

/** Redeems, and Go panics for another request while the record is being signed. */
function redeemInPanic(c: Call): Promise<Response> {
  const { recordKey } = c.settings;
  const sign = async (input: string) => {
    try {
      panic();
    } catch {
      // the other request's failure
    }
    return recordKey.sign(input);
  };
  return redeem({ ...c, settings: { ...c.settings, recordKey: { ...recordKey, sign } } });
}

export default worker({ ...routes, "/panic": panic, "/redeem-in-panic": redeemInPanic });
