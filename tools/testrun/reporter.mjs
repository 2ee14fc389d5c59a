// A reporter for Node's test runner: one JSON object a line, read by testrun.
import { inspect } from 'node:util';

// A suite or a test with subtests fails when one inside failed: that one is
// reported itself, so the parent is not counted again.
const onlyChildFailed = (error) => error?.failureType === 'subtestsFailed';

const describe = (error) => {
  const cause = error?.cause ?? error;
  return cause instanceof Error ? (cause.stack ?? String(cause)) + (cause.cause ? `\ncaused by ${inspect(cause.cause)}` : '') : inspect(cause);
};

export default async function* report(source) {
  const parents = new Set(); // names of tests that had subtests, by file and nesting
  const line = (o) => JSON.stringify(o) + '\n';
  for await (const { type, data } of source) {
    if (type === 'test:pass' || type === 'test:fail') {
      const key = `${data.file}|${data.nesting}`;
      const hadChildren = parents.delete(`${data.file}|${data.nesting + 1}`);
      parents.add(key);
      if (data.nesting === 0) parents.delete(key);
      const error = data.details?.error;
      if (type === 'test:fail' && onlyChildFailed(error)) continue;
      yield line({
        type: type.slice(5),
        name: data.name,
        file: data.file,
        kind: data.details?.type === 'suite' || hadChildren ? 'suite' : 'test',
        skip: data.skip !== undefined && data.skip !== false,
        todo: data.todo !== undefined && data.todo !== false,
        ms: data.details?.duration_ms ?? 0,
        error: error ? describe(error) : '',
      });
    } else if (type === 'test:summary' && data.file) {
      yield line({ type: 'file', file: data.file, ms: data.duration_ms });
    } else if (type === 'test:stderr' || type === 'test:stdout') {
      yield line({ type: 'message', message: data.message });
    }
  }
}
