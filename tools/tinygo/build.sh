#!/usr/bin/env bash
# Builds the TinyGo compiler from source into .tools/tinygo, from the Go module
# proxy and Debian's LLVM 19 alone. Prints the path of the compiler's wrapper.
#
# The module that carries TinyGo lacks its git submodules. Three gaps matter for
# WebAssembly, and Debian's packages fill them:
#   - TINYGOROOT must be writable, so the module's directory is copied;
#   - src/net is a submodule: an empty folder takes its place, so nothing that
#     imports package net can be built with this compiler;
#   - the C library and compiler-rt are taken as built by Debian.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
out=$top/.tools/tinygo
llvm=/usr/lib/llvm-19
builtins=$llvm/lib/clang/19/lib/wasi/libclang_rt.builtins-wasm32.a
libc=/usr/lib/wasm32-wasi/libc.a
packages="llvm-19-dev libclang-19-dev lld-19 clang-19 liblld-19-dev wasi-libc libclang-rt-19-dev-wasm32"

version=$(cd "$here" && go list -mod=mod -m -f '{{.Version}}' github.com/tinygo-org/tinygo)
stamp="$version $(go version | cut -d' ' -f3)"
if [ -x "$out/tinygo" ] && [ "$(cat "$out/stamp" 2>/dev/null)" = "$stamp" ]; then
	echo "$out/tinygo"
	exit 0
fi
for f in "$builtins" "$libc"; do
	[ -e "$f" ] || { echo "tinygo: $f is missing. Install: apt-get install --no-install-recommends $packages" >&2; exit 1; }
done

rm -rf "$out"
mkdir -p "$out"
cd "$here"
go mod download github.com/tinygo-org/tinygo
cp -r "$(go list -mod=mod -m -f '{{.Dir}}' github.com/tinygo-org/tinygo)" "$out/root"
chmod -R u+w "$out/root"
mkdir -p "$out/root/src/net"
go build -mod=mod -tags=llvm19 -o "$out/tinygo.bin" github.com/tinygo-org/tinygo

# The target descriptions lose the bundled libraries and gain Debian's; two
# feature names are newer than LLVM 19.
for target in wasm wasip1; do
	sed -i \
		-e 's/+bulk-memory-opt,//; s/+call-indirect-overlong,//' \
		-e '/^[[:space:]]*"libc":/d' -e '/^[[:space:]]*"rtlib":/d' \
		-e 's|"-mbulk-memory",|"-mbulk-memory", "-isystem", "/usr/include/wasm32-wasi",|' \
		-e "s|\"--stack-first\",|\"--stack-first\", \"$libc\", \"$builtins\",|" \
		"$out/root/targets/$target.json"
done

cat >"$out/tinygo" <<EOF
#!/bin/sh
# TinyGo with its root and a cache of its own.
export TINYGOROOT="$out/root" XDG_CACHE_HOME="$out/cache" WASMOPT="\${WASMOPT:-$top/node_modules/.bin/wasm-opt}"
exec "$out/tinygo.bin" "\$@"
EOF
chmod +x "$out/tinygo"
echo "$stamp" >"$out/stamp"
echo "$out/tinygo"
