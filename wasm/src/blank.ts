// A blank window, for what is known only after the first await: by then no browser
// would open one.

/** openBlank must run inside the gesture. null where no window opens. Some apps' web
 * views give back the page's own window instead, which is not to go anywhere. */
export function openBlank(size: string): Window | null {
  const w = open("", "", `popup,${size}`);
  return w === window || w === top ? null : w;
}
