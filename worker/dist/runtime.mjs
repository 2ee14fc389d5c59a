import { connect } from "cloudflare:sockets";

export async function loadModule() {
  return (await import("./tools-11c848fb0ab9.wasm")).default;
}

export function createRuntimeContext({ env, ctx, binding }) {
  return {
    env,
    ctx,
    connect,
    binding,
  };
}
