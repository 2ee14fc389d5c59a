// The page to which a token keeper brings answers back: the issuer's own pages ask
// for tokens, so their origin needs it.

import type { Call } from "./call.js";
import { checkMethod, notFound } from "./problem.js";
import { returnPage } from "./return.gen.js";

export function page(c: Call): Response {
  if (!c.settings.polyfill) throw notFound();
  checkMethod(c.request, "GET");
  const { headers } = c;
  headers.set("Content-Type", "text/html; charset=utf-8");
  headers.set("Cache-Control", "public, max-age=3600");
  headers.set("Referrer-Policy", "no-referrer");
  headers.set("X-Content-Type-Options", "nosniff");
  return new Response(c.request.method === "HEAD" ? null : returnPage, { headers });
}
