import { connect } from "cloudflare:sockets";

export async function loadModule() {
  return (await import("./tools-74c425ba686e.wasm")).default;
}

export function createRuntimeContext({ env, ctx, binding }) {
  return {
    env,
    ctx,
    connect,
    binding,
  };
}
