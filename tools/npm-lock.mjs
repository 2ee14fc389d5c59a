// Writes package-lock.json anew from package.json:  node tools/npm-lock.mjs
//
// npm leaves an optional package of another platform out of the lock file when
// the registry in use does not hold it, and `npm ci` then refuses that file on
// every platform. Such packages are added here by version, without a hash.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';

const npm = (...args) => execFileSync('npm', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });

/** The platforms of a package; of one that the registry does not know at all, what its name says. */
function platforms(name) {
  try {
    return JSON.parse(npm('view', name, 'os', 'cpu', '--json'));
  } catch {
    const os = [['windows', 'win32'], ['win32', 'win32'], ['darwin', 'darwin'], ['linux', 'linux']].find(([word]) => name.includes(word));
    if (!os) throw new Error(`${name} is not in the registry, and its name tells no platform`);
    return { os: os[1] };
  }
}

npm('install', '--package-lock-only', '--silent');
const lock = JSON.parse(readFileSync('package-lock.json', 'utf8'));
for (const [, entry] of Object.entries(lock.packages)) {
  for (const [name, range] of Object.entries(entry.optionalDependencies ?? {})) {
    const path = `node_modules/${name}`;
    const version = range.replace(/^[~^]/, '');
    if (lock.packages[path] || !/^[0-9]+\.[0-9]+\.[0-9]+/.test(version)) continue;
    const { os, cpu } = platforms(name);
    lock.packages[path] = { version, ...(cpu && { cpu: [cpu].flat() }), dev: true, optional: true, os: [os].flat() };
    console.log(`added ${name}@${version}: ${os} ${cpu ?? ''}`);
  }
}
lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)));
writeFileSync('package-lock.json', JSON.stringify(lock, null, 2) + '\n');
