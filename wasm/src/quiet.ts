// "Not now" is remembered by the site for a growing time, as browsers do it for
// FedCM; a question that is left unanswered three times counts as one. What a
// person's own press asks for is never silenced.

const hour = 3600_000;
const steps = [2 * hour, 24 * hour, 7 * 24 * hour, 28 * 24 * hour];
const unanswered = 3;

interface Memory {
  /** How many times it was a no, and until when that holds (Unix milliseconds). */
  no: number;
  until: number;
  /** Questions shown since the last answer. */
  shown: number;
}

export class Quiet {
  readonly #key: string;
  /** For sites whose storage is off: as long as the page lives. */
  #memory: Memory = { no: 0, until: 0, shown: 0 };

  constructor(key: string) {
    this.#key = key;
  }

  #read(): Memory {
    try {
      const v = JSON.parse(localStorage.getItem(this.#key) ?? "null") as Memory | null;
      if (v && Number.isFinite(v.no) && Number.isFinite(v.until) && Number.isFinite(v.shown)) return v;
    } catch {
      // storage is off, or the value is not ours
    }
    return this.#memory;
  }

  #write(m: Memory): void {
    this.#memory = m;
    try {
      localStorage.setItem(this.#key, JSON.stringify(m));
    } catch {
      // storage is off or full
    }
  }

  /** Whether to ask nothing now. */
  get now(): boolean {
    const { until } = this.#read();
    // A clock that was set back must not silence for ever.
    return until > Date.now() && until < Date.now() + 2 * steps[3]!;
  }

  /** asks notes that the question is shown. */
  asks(): void {
    const m = this.#read();
    this.#write({ ...m, shown: m.shown + 1 });
    if (m.shown + 1 > unanswered) this.no();
  }

  no(): void {
    const m = this.#read();
    this.#write({ no: m.no + 1, until: Date.now() + steps[Math.min(m.no, steps.length - 1)]!, shown: 0 });
  }

  yes(): void {
    this.#write({ no: 0, until: 0, shown: 0 });
  }
}
