import { connect } from "cloudflare:sockets";

export async function loadModule() {
  return (await import("./tools-1eac27e191de.wasm")).default;
}

export function createRuntimeContext({ env, ctx, binding }) {
  return {
    env,
    ctx,
    connect,
    binding,
  };
}
