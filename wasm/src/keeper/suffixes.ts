// Which hosts are one site: those of one registrable domain, by the public suffix
// table, a file of its own beside this script (written by tools/psl, which says how
// it is built up).

/** The rules below one label of a name. */
interface Node {
  /** The name down to here is a public suffix. */
  rule: boolean;
  /** So is every name with one label more, */
  wild: boolean;
  /** but this one is none. */
  except: boolean;
  below: Map<string, Node>;
}

export type Table = Map<string, Node>;

/** readTable reads label, marks and, in brackets, what is below; commas between,
 * and lines at the top. */
export function readTable(text: string): Table {
  const top: Table = new Map();
  const open: Table[] = [top];
  for (const [, label, marks, end] of text.matchAll(/([^!*?(),\n]*)([!*?]*)([(),\n]|$)/g)) {
    const here = open[open.length - 1]!;
    if (label) {
      const node = { rule: !/[!?]/.test(marks!), wild: marks!.includes("*"), except: marks!.includes("!"), below: new Map<string, Node>() };
      here.set(label, node);
      if (end === "(") open.push(node.below);
    }
    if (end === ")") open.pop();
  }
  return top;
}

/**
 * registrable is the part of a host that one owner holds: the public suffix and
 * one label more. A host that is a suffix itself, and an address, are sites by
 * themselves. host is as URL.hostname gives it.
 */
export function registrable(host: string, table: Table): string {
  if (host.startsWith("[") || /^[0-9.]+$/.test(host)) return host;
  const labels = host.replace(/\.$/, "").split(".");
  let suffix = 1; // labels; where no rule fits, the last one is the suffix
  let below = table;
  for (let n = 1; n <= labels.length; n++) {
    const node = below.get(labels[labels.length - n]!);
    if (!node) break;
    if (node.except) {
      suffix = n - 1;
      break;
    }
    if (node.rule) suffix = n;
    if (node.wild && n < labels.length) suffix = n + 1;
    below = node.below;
  }
  return labels.slice(-suffix - 1).join(".");
}

let loaded: Promise<Table> | null = null;

/** suffixes fetches the table, once. Without it no site is told from another, so
 * nothing is answered. */
export function suffixes(): Promise<Table> {
  return (loaded ??= fetch(new URL(__SUFFIXES__, import.meta.url), { credentials: "omit" })
    .then(async (r) => {
      if (!r.ok) throw new Error(`${r.url} answered ${r.status}`);
      return readTable(await r.text());
    })
    .catch((err) => {
      loaded = null; // the next question tries again
      throw err;
    }));
}

/** siteOf names the site of an origin. Port and scheme make no other site. */
export async function siteOf(origin: string): Promise<string> {
  return registrable(new URL(origin).hostname, await suffixes());
}
