// Documents that anybody may read and cache for a short time.

import { checkMethod } from "./problem.js";

export interface Published {
  contentType: string;
  etag: string;
  body: string;
}

export async function publish(contentType: string, body: string): Promise<Published> {
  const sum = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(body)));
  return { contentType, etag: `"${sum.slice(0, 12).toHex()}"`, body };
}

export function serve(request: Request, headers: Headers, p: Published): Response {
  headers.set("Access-Control-Allow-Origin", "*");
  checkMethod(request, "GET");
  headers.set("Cache-Control", "public, max-age=300");
  headers.set("ETag", p.etag);
  headers.set("X-Content-Type-Options", "nosniff");
  // RFC 9110 section 13.1.2: a weak comparison with any of them.
  const known = request.headers.get("If-None-Match");
  if (known === "*" || known?.split(",").some((t) => t.trim().replace(/^W\//, "") === p.etag)) {
    return new Response(null, { status: 304, headers });
  }
  headers.set("Content-Type", p.contentType); // exactly: registries refuse a charset parameter
  return new Response(request.method === "HEAD" ? null : p.body, { headers });
}
