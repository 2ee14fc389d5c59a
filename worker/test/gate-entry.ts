// The gate with a clock that the test sets, and with the settings of each request.
// It is built for tests alone.

import { gate, isGateKeys, serveGateKeys } from "../src/gate.js";
import { judgeIdToken } from "../src/gate/admit.js";
import { gateSettings } from "../src/gate/settings.js";
import { Problem } from "../src/problem.js";

export { SpentTokens } from "../src/durable.js";

export default {
  async fetch(request: Request, _: unknown, ctx: ExecutionContext): Promise<Response> {
    const url = new URL(request.url);
    if (url.pathname === "/healthz") return new Response("ok");
    const now = Number(request.headers.get("Test-Now"));
    const platform = { now: () => now * 1000, ctx };
    const headers = new Headers();
    try {
      if (url.pathname === "/judge") {
        // For tokens with bytes that no header can hold.
        const { gate: text, nonce, token } = (await request.json()) as { gate: string; nonce: string; token: string };
        return Response.json(await judgeIdToken(token, nonce, gateSettings(text).idTokens!, platform));
      }
      const keys = request.headers.get("Test-Keys");
      const env = { GATE: request.headers.get("Test-Gate") ?? undefined, GATE_KEYS: keys === null ? undefined : decodeURIComponent(keys) };
      if (isGateKeys(url, env)) return await serveGateKeys(request, env, headers);
      return await gate(request, url, env, headers, platform);
    } catch (err) {
      if (err instanceof Problem) return err.response(headers);
      throw err;
    }
  },
};
