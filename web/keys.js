// The keyboard. A page names its keys with what they do; the help page is made of the same list.

const OFF = "packshot.keys.off";

let current = [];
let stack = [];

/** Whether single keys do anything (they can be switched off: WCAG 2.1.4). */
export const enabled = () => localStorage.getItem(OFF) !== "yes";
export const enable = (on) => localStorage.setItem(OFF, on ? "no" : "yes");

/** The keys of the page: [{keys: ["a"], says: "Approve", group: "Decide", run}]. A key that is kept down acts once,
 *  unless its entry `repeats`: photos come so fast that a heavy finger would decide the next one too. */
export function use(list) {
  current = list;
}

/** Keys of a dialogue, before all others, until the returned function is called. */
export function push(list) {
  const layer = { list };
  stack.push(layer);
  return () => {
    stack = stack.filter((other) => other !== layer);
  };
}

/** All keys of the page, for the help. */
export const all = () => current;

const typing = (target) =>
  target instanceof HTMLElement &&
  (target.isContentEditable || (target.matches("input, textarea, select") && !target.matches("[type=range], [type=checkbox], [type=radio], [type=button]")));

const name = (event) => `${event.ctrlKey || event.metaKey ? "ctrl+" : ""}${event.altKey ? "alt+" : ""}${event.shiftKey && event.key.length > 1 ? "shift+" : ""}${event.key === " " ? "space" : event.key.toLowerCase()}`;

function handle(event) {
  if (event.defaultPrevented || event.isComposing) return;
  const layer = stack.at(-1);
  const pressed = name(event);
  const list = layer ? layer.list : current;
  const found = list.find((entry) => entry.keys.includes(pressed));
  if (!found) return;
  const single = !pressed.includes("+") && pressed.length === 1;
  if (typing(event.target) && pressed !== "escape" && !(pressed.startsWith("ctrl+") && found.typing)) return;
  if (single && !layer && !enabled()) return;
  // Enter and the space bar belong to the focused control, arrows to a focused slider.
  const control = event.target instanceof HTMLElement && event.target.closest("button, a, summary, [type=checkbox], [type=radio]");
  if (control && ["enter", "space"].includes(pressed)) return;
  if (event.target instanceof HTMLElement && event.target.matches("input, select") && pressed.replace("shift+", "").startsWith("arrow")) return;
  event.preventDefault();
  if (!event.repeat || found.repeats) found.run(event);
}

document.addEventListener("keydown", handle);
document.addEventListener("keyup", (event) => {
  const found = (stack.at(-1)?.list ?? current).find((entry) => entry.up && entry.keys.includes(name(event)));
  if (found) found.up(event);
});
