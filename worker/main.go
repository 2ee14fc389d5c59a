// Command worker is the issuer as a Cloudflare Worker: Go compiled to
// WebAssembly, on github.com/syumai/workers. It publishes the key commitments;
// wrangler.toml at the root of the repository builds and deploys it.
//
// The module is instantiated for every request, so nothing here is kept between
// two of them.
package main

func main() { run() }
