import { connect } from "cloudflare:sockets";

export async function loadModule() {
  return (await import("./tools-67a225fefd6d.wasm")).default;
}

export function createRuntimeContext({ env, ctx, binding }) {
  return {
    env,
    ctx,
    connect,
    binding,
  };
}
