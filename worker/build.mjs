// Builds the Worker into worker/build: the Go module and the JavaScript that
// syumai/workers starts it with. wrangler runs this before dev and deploy.
import {spawnSync} from 'node:child_process';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const build = join(root, 'worker', 'build');

function go(args, env = {}) {
  const {status, error} = spawnSync('go', args, {cwd: root, stdio: 'inherit', env: {...process.env, ...env}});
  if (error) {
    console.error(`worker: cannot run go (${error.message}). Install Go from https://go.dev/dl/`);
    process.exit(1);
  }
  if (status !== 0) process.exit(status ?? 1);
}

go(['run', 'github.com/syumai/workers/cmd/workers-assets-gen', '-mode=go', '-o', build]);
go(['build', '-trimpath', '-ldflags=-s -w', '-o', join(build, 'app.wasm'), './worker'], {GOOS: 'js', GOARCH: 'wasm'});
