// The script of the return page (pathReturn): the one address of a site to which a
// keeper brings answers back. It reads the fragment before anything else, loads
// nothing, and hands the answer to the page of this origin that waits: in this
// tab, by its sessionStorage, or in another, by a BroadcastChannel.

import { channelPrefix, fragmentErrand, fragmentReturn, pack, unpack } from "../tokens/protocol.js";
import type { Answer, Returned } from "../tokens/protocol.js";
import { awayKey, backKey } from "../tokens/redirect.js";
import type { Away, Back } from "../tokens/redirect.js";
import { open, purposeOf } from "../tokens/seal.js";
import { getSealKey } from "../tokens/sealkeys.js";

/** How long the page that waits may take to say that it is there, in ms. */
const hears = 3000;
/** How long it may take to say what is next. */
const lasts = 60_000;

const { hash } = location;
history.replaceState(null, "", location.pathname);

function say(words: string): void {
  document.getElementById("state")!.textContent = words;
}

/** away is what this tab is away for, if it is for this answer. */
function awayFor(r: Returned): Away | null {
  try {
    const away = JSON.parse(sessionStorage.getItem(awayKey) ?? "null") as Away | null;
    return away && away.errand.channel === r.channel && away.errand.id === r.id && new URL(away.from).origin === location.origin ? away : null;
  } catch {
    return null;
  }
}

async function goOn(away: Away, r: Returned): Promise<void> {
  if (r.sealed === undefined) { // the keeper wanted proof that this site asks
    location.replace(away.keeper + fragmentErrand + pack({ ...away.errand, proof: r.proof }));
    return;
  }
  let answer: Answer | null = null;
  try {
    const key = await getSealKey(r.channel);
    answer = key && await open(key, purposeOf(location.origin, r.channel, r.id), r.sealed);
  } catch {
    // the store is closed to us
  }
  answer ??= { ok: false, code: "unavailable" };
  sessionStorage.setItem(backKey, JSON.stringify({ channel: r.channel, id: r.id, answer, proof: r.proof } satisfies Back));
  location.replace(away.from);
}

/** handOver gives the answer to the page that listens, and goes where it says. */
function handOver(r: Returned): void {
  const channel = new BroadcastChannel(r.channel);
  const end = () => {
    say("The page that asked is gone. You can close this window.");
    close();
  };
  let timer = setTimeout(end, hears);
  channel.onmessage = (e: MessageEvent<{ here?: boolean; go?: string; close?: boolean }>) => {
    const m = e.data;
    clearTimeout(timer);
    if (m?.close) return end();
    timer = setTimeout(end, lasts);
    if (typeof m?.go === "string" && /^https?:/.test(m.go)) location.replace(m.go);
  };
  channel.postMessage(r);
}

const r = hash.startsWith(fragmentReturn) ? unpack<Returned>(hash.slice(fragmentReturn.length)) : null;
if (r && typeof r.channel === "string" && r.channel.startsWith(channelPrefix) && typeof r.proof === "string") {
  const away = awayFor(r);
  if (away) void goOn(away, r);
  else handOver(r);
} else {
  say("This page brings answers of your token keeper back to this site. There is nothing to do here.");
}
