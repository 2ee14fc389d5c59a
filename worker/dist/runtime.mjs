import { connect } from "cloudflare:sockets";

export async function loadModule() {
  return (await import("./tools-d649cc5cae36.wasm")).default;
}

export function createRuntimeContext({ env, ctx, binding }) {
  return {
    env,
    ctx,
    connect,
    binding,
  };
}
