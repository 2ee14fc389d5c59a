import { connect } from "cloudflare:sockets";

export async function loadModule() {
  return (await import("./tools-f57cd4f7b4c5.wasm")).default;
}

export function createRuntimeContext({ env, ctx, binding }) {
  return {
    env,
    ctx,
    connect,
    binding,
  };
}
