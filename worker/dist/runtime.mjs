import { connect } from "cloudflare:sockets";

export async function loadModule() {
  return (await import("./tools-77c95d61253e.wasm")).default;
}

export function createRuntimeContext({ env, ctx, binding }) {
  return {
    env,
    ctx,
    connect,
    binding,
  };
}
