import { connect } from "cloudflare:sockets";

export async function loadModule() {
  return (await import("./tools-b10e1a287250.wasm")).default;
}

export function createRuntimeContext({ env, ctx, binding }) {
  return {
    env,
    ctx,
    connect,
    binding,
  };
}
