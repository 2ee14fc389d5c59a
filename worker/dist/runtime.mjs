import { connect } from "cloudflare:sockets";

export async function loadModule() {
  return (await import("./tools-2e9f7e547336.wasm")).default;
}

export function createRuntimeContext({ env, ctx, binding }) {
  return {
    env,
    ctx,
    connect,
    binding,
  };
}
