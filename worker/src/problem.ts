// Refusals as problem details (RFC 9457), the same bytes as the Go servers write.

const titles: Record<number, string> = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  409: "Conflict",
  413: "Request Entity Too Large",
  414: "URI Too Long",
  431: "Request Header Fields Too Large",
  500: "Internal Server Error",
  502: "Bad Gateway",
  503: "Service Unavailable",
  504: "Gateway Timeout",
};

/**
 * A refused request: HTTP status, a stable code and a sentence that says what was
 * wrong and what to do. It carries nothing secret and nothing from the request.
 */
export class Problem extends Error {
  readonly status: number;
  readonly code: string;
  readonly headers: Record<string, string>;

  constructor(status: number, code: string, detail: string, headers: Record<string, string> = {}) {
    super(detail);
    this.name = "Problem";
    this.status = status;
    this.code = code;
    this.headers = headers;
  }

  /** The answer; headers are those that the route has set so far. */
  response(headers = new Headers(), more: Record<string, string> = {}): Response {
    for (const [name, value] of Object.entries(this.headers)) headers.set(name, value);
    headers.set("Content-Type", "application/problem+json");
    headers.set("Cache-Control", "no-store");
    headers.set("X-Content-Type-Options", "nosniff");
    const body = { title: titles[this.status] ?? "", status: this.status, code: this.code, detail: this.message, ...more };
    return new Response(`${JSON.stringify(body)}\n`, { status: this.status, headers });
  }
}

export const notFound = () => new Problem(404, "not_found", "There is nothing at this path.");

/** Refuses other methods; HEAD goes with GET. */
export function checkMethod(request: Request, ...allowed: string[]): void {
  if (allowed.includes(request.method) || (request.method === "HEAD" && allowed.includes("GET"))) return;
  const list = allowed.join(", ");
  throw new Problem(405, "method_not_allowed", `This endpoint answers ${list} only.`, { Allow: list });
}
