import { connect } from "cloudflare:sockets";

export async function loadModule() {
  return (await import("./tools-7a890e368f74.wasm")).default;
}

export function createRuntimeContext({ env, ctx, binding }) {
  return {
    env,
    ctx,
    connect,
    binding,
  };
}
