// What the Workers runtime gives beside the web's own types, as far as it is
// used here.

declare module "cloudflare:workers" {
  export abstract class DurableObject {
    constructor(ctx: DurableObjectState, env: unknown);
    protected ctx: DurableObjectState;
  }
}

declare module "*.wasm" {
  const module: WebAssembly.Module;
  export default module;
}

declare module "*.sql" {
  const text: string;
  export default text;
}

type SqlValue = string | number | ArrayBuffer | Uint8Array | null;

interface DurableObjectState {
  storage: {
    sql: {
      exec<T>(query: string, ...bindings: SqlValue[]): { toArray(): T[]; rowsWritten: number };
    };
    deleteAll(): Promise<void>;
    getAlarm(): Promise<number | null>;
    setAlarm(time: number): Promise<void>;
    transactionSync<T>(f: () => T): T;
  };
  blockConcurrencyWhile<T>(f: () => Promise<T>): Promise<T>;
}

/** A stub: the object's public methods, each answering with a Promise. */
type Stub<T> = { [M in keyof T]: T[M] extends (...a: infer A) => infer R ? (...a: A) => Promise<Awaited<R>> : never };

interface DurableObjectNamespace<T> {
  getByName(name: string): Stub<T>;
}

interface D1Statement {
  bind(...values: SqlValue[]): D1Statement;
  run<T>(): Promise<{ results: T[]; meta: { changes: number } }>;
}

interface D1Database {
  prepare(query: string): D1Statement;
  /** Runs statements in one transaction. */
  batch(statements: D1Statement[]): Promise<unknown>;
}

interface ExecutionContext {
  waitUntil(p: Promise<unknown>): void;
}

interface SubtleCrypto {
  timingSafeEqual(a: ArrayBuffer, b: ArrayBuffer): boolean;
}

declare module "*/dist/worker.mjs" {
  const module: { fetch(request: Request, env: unknown, ctx: ExecutionContext): Promise<Response> };
  export default module;
}
