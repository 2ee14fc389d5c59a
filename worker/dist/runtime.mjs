import { connect } from "cloudflare:sockets";

export async function loadModule() {
  return (await import("./tools-f5f5b63b8ba2.wasm")).default;
}

export function createRuntimeContext({ env, ctx, binding }) {
  return {
    env,
    ctx,
    connect,
    binding,
  };
}
