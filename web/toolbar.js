// Above the photo: how it is shown.

import { h, key } from "./dom.js";
import { BACKGROUNDS, MODES } from "./viewer.js";

const CHANNEL = "packshot.channel-colour";
const LABELS = { side: "Side by side", slider: "Slider", result: "Result", source: "Source" };

/** The toolbar of a viewer: {element, sync, cycle, nextBackground}. */
export function toolbar(viewer) {
  viewer.channel = localStorage.getItem(CHANNEL) ?? viewer.channel;
  const group = (label, buttons) => h("div", { class: "segmented", role: "group", "aria-label": label }, buttons);
  const modes = MODES.map((mode) => h("button", { "data-mode": mode, onclick: () => viewer.set({ mode }) }, LABELS[mode]));
  const grounds = BACKGROUNDS.map((name) => h("button", { class: `ground ${name}`, "data-ground": name, title: `Background: ${name}`, "aria-label": `Background ${name}`, onclick: () => viewer.set({ background: name }) }));
  const colour = h("input", { type: "color", value: viewer.channel, "aria-label": "Channel's background colour", title: "Channel's background colour" });
  colour.addEventListener("input", () => {
    localStorage.setItem(CHANNEL, colour.value);
    viewer.set({ channel: colour.value, background: "channel" });
  });
  const zoomed = h("output", { class: "zoomed", "aria-label": "Zoom" });
  const overlay = (name, label, cap) => h("button", { "data-overlay": name, onclick: () => viewer.toggle(name) }, label, " ", key(cap));
  const marks = [overlay("matte", "Matte", "M"), overlay("edge", "Edge", "E")];
  const element = h("div", { class: "toolbar", role: "toolbar", "aria-label": "View" },
    group("Layout", modes),
    group("Zoom", [
      h("button", { "aria-label": "Zoom out", onclick: () => viewer.zoom(viewer.scale / 1.5) }, "−"),
      zoomed,
      h("button", { "aria-label": "Zoom in", onclick: () => viewer.zoom(viewer.scale * 1.5) }, "+"),
      h("button", { onclick: () => viewer.fit() }, "Fit"),
      h("button", { onclick: () => viewer.zoom(1) }, "1:1"),
    ]),
    h("div", { class: "grounds", role: "group", "aria-label": "Background" }, grounds, colour),
    group("Overlays", marks));
  const sync = () => {
    for (const button of modes) button.setAttribute("aria-pressed", String(button.dataset.mode === viewer.mode));
    for (const button of grounds) button.setAttribute("aria-pressed", String(button.dataset.ground === viewer.background));
    for (const button of marks) button.setAttribute("aria-pressed", String(viewer.overlay[button.dataset.overlay]));
    grounds.at(-1).style.background = viewer.channel;
    colour.hidden = viewer.background !== "channel";
    zoomed.textContent = `${Math.round(viewer.scale * 100)} %`;
  };
  sync();
  return {
    element,
    sync,
    cycle: () => viewer.set({ mode: MODES[(MODES.indexOf(viewer.mode) + 1) % MODES.length] }),
    nextBackground: () => viewer.set({ background: BACKGROUNDS[(BACKGROUNDS.indexOf(viewer.background) + 1) % BACKGROUNDS.length] }),
  };
}
