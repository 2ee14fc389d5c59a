// Vite as it was before version 8, which moves a script of a package without the
// file beside it while one develops.
import { after } from 'node:test';
import * as vite5 from 'vite5';
import * as vite6 from 'vite6';
import * as vite7 from 'vite7';
import { done } from '../lib.mjs';
import { viteTests } from '../vite.mjs';

after(done);
for (const [version, vite] of [[5, vite5], [6, vite6], [7, vite7]]) viteTests(`Vite ${version}`, vite, import.meta.dirname);
