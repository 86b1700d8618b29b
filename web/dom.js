// Elements from data. Text only ever becomes a text node, so titles and file names from strangers stay text.

const SVG = "http://www.w3.org/2000/svg";

/** An element: h("button", {class: "quiet", onclick: go, "aria-pressed": true}, "Go"). Null children are skipped. */
export function h(tag, props = {}, ...children) {
  return fill(document.createElement(tag), props, children);
}

/** The same for SVG. */
export function s(tag, props = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), props, children);
}

function fill(element, props, children) {
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value === null || value === undefined) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "value" || name === "checked" || name === "disabled" || name === "hidden" || name === "indeterminate")
      element[name] = value;
    else if (typeof value === "boolean" && !name.startsWith("aria-")) element.toggleAttribute(name, value);
    else element.setAttribute(name, String(value));
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** Replaces what is in an element. */
export function put(element, ...children) {
  element.replaceChildren(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** A key cap. */
export const key = (...names) => names.map((name) => h("kbd", {}, name));

/** A message that goes by itself; `action` is {label, run}. Returns a function that takes it away. */
export function toast(text, { kind = "plain", action = null, seconds = 5 } = {}) {
  const box = document.getElementById("toasts");
  const close = () => element.remove();
  const element = h(
    "div",
    { class: `toast ${kind}` },
    h("span", {}, text),
    action && h("button", { class: "link", onclick: () => { close(); action.run(); } }, action.label),
    h("button", { class: "icon", "aria-label": "Dismiss", onclick: close }, "×"),
  );
  box.append(element);
  while (box.children.length > 4) box.firstChild.remove();
  if (seconds) setTimeout(close, seconds * 1000);
  return close;
}

/** A banner above the page until it is cleared with an empty text. */
export function banner(text, action = null) {
  const box = document.getElementById("banner");
  if (!text) return put(box);
  return put(box, h("span", {}, text), action && h("button", { onclick: action.run }, action.label));
}

/** 2026-11-23T10:15:00Z as a person reads it, in the place's own time. */
export function when(moment) {
  if (!moment) return "";
  const date = new Date(moment);
  const far = Math.abs(date - Date.now()) > 20 * 3600 * 1000;
  return date.toLocaleString(undefined, far ? { dateStyle: "medium", timeStyle: "short" } : { timeStyle: "short" });
}

/** How long until (or since) a moment, short: "in 3 h", "20 min late". */
export function due(moment) {
  const minutes = Math.round((new Date(moment) - Date.now()) / 60000);
  const size = Math.abs(minutes);
  const words = size < 90 ? `${size} min` : size < 48 * 60 ? `${Math.round(size / 60)} h` : `${Math.round(size / 1440)} days`;
  return minutes >= 0 ? `in ${words}` : `${words} late`;
}

/** A number without needless digits. */
export const number = (value) => (Number.isInteger(value) ? String(value) : value.toPrecision(3).replace(/\.?0+$/, ""));

/** A file for the user, made from a blob. */
export function download(blob, name) {
  const address = URL.createObjectURL(blob);
  const link = h("a", { href: address, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 1000);
}
