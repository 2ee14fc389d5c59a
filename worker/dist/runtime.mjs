import { connect } from "cloudflare:sockets";

export async function loadModule() {
  return (await import("./tools-537a38fd7ac4.wasm")).default;
}

export function createRuntimeContext({ env, ctx, binding }) {
  return {
    env,
    ctx,
    connect,
    binding,
  };
}
