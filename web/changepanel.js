// The controls of the changes: edges, brush, shadow.

import { h, key, put } from "./dom.js";

const KINDS = [["none", "None"], ["contact", "Contact"], ["drop", "Drop"], ["natural", "The photo's own"]];

/** Builds the panel; `sync()` shows the change as it is after an undo. */
export class ChangePanel {
  constructor({ change, brush, onbrush, onpainting }) {
    Object.assign(this, { change, brush, onbrush, onpainting, syncs: [] });
    this.status = h("span", { class: "small muted", role: "status" });
    this.paintButton = h("button", { "aria-pressed": "false", onclick: () => onpainting() }, "Brush ", key("P"));
    this.element = h("section", { class: "panel change", "aria-labelledby": "change-title" },
      h("h2", { id: "change-title" }, "Change", this.status),
      h("div", { class: "row" }, this.button("Undo", "Ctrl+Z", () => change.undo()), this.button("Redo", "Ctrl+Y", () => change.redo()), this.button("Reset", "", () => change.reset())),
      h("h3", {}, "Edge"),
      this.slider("Shift", "edge_shift_px", -10, 10, 0.25, 0, "px"),
      this.slider("Feather", "feather_px", 0, 10, 0.25, 0, "px"),
      this.slider("Fringe removal", "fringe", 0, 1, 0.05, 1, ""),
      h("h3", {}, "Brush"),
      h("div", { class: "row" }, this.paintButton, this.choice()),
      this.brushSlider("Size", "size", 0.005, 0.2, 0.005),
      this.brushSlider("Softness", "softness", 0, 1, 0.05),
      h("h3", {}, "Shadow"),
      this.shadowKind(),
      this.shadowSlider("Direction", "direction_deg", 0, 359, 1, "°"),
      this.shadowSlider("Length", "length", 0, 0.5, 0.01, ""),
      this.shadowSlider("Softness", "softness", 0, 0.2, 0.005, ""),
      this.shadowSlider("Density", "density", 0, 1, 0.05, ""));
    this.sync();
  }

  button(label, keys, run) {
    return h("button", { class: "quiet", onclick: run }, label, keys && [" ", key(keys)]);
  }

  range(label, { min, max, step, unit, read, write, shown = label }) {
    const value = h("output", {});
    const input = h("input", { type: "range", min, max, step, "aria-label": label });
    input.addEventListener("input", () => write(Number(input.value)));
    this.syncs.push(() => {
      const now = read();
      input.value = now;
      value.textContent = `${Number(now.toFixed(3))}${unit && ` ${unit}`}`;
      input.setAttribute("aria-valuetext", value.textContent);
    });
    return h("label", { class: "range" }, h("span", {}, shown), input, value);
  }

  slider(label, name, min, max, step, otherwise, unit) {
    return this.range(label, { min, max, step, unit, read: () => this.change.value(name, otherwise), write: (value) => this.change.set({ [name]: value }) });
  }

  brushSlider(label, name, min, max, step) {
    return this.range(`Brush ${label.toLowerCase()}`, { shown: label, min, max, step, unit: "", read: () => this.brush[name], write: (value) => {
      this.brush[name] = value;
      this.onbrush();
      this.sync();
    } });
  }

  shadowSlider(label, name, min, max, step, unit) {
    const row = this.range(`Shadow ${label.toLowerCase()}`, { shown: label, min, max, step, unit, read: () => this.change.shadow[name], write: (value) => this.change.set({ shadow: { ...this.change.shadow, [name]: value } }, `shadow ${name}`) });
    this.syncs.push(() => {
      row.querySelector("input").disabled = this.change.shadow.kind === "none";
    });
    return row;
  }

  shadowKind() {
    const select = h("select", { "aria-label": "Shadow kind" }, KINDS.map(([value, label]) => h("option", { value }, label)));
    select.addEventListener("change", () => this.change.set({ shadow: { ...this.change.shadow, kind: select.value } }));
    this.syncs.push(() => {
      select.value = this.change.shadow.kind;
    });
    return h("label", { class: "range" }, h("span", {}, "Kind"), select);
  }

  choice() {
    const add = h("button", { onclick: () => this.mode("add") }, "Add");
    const remove = h("button", { onclick: () => this.mode("remove") }, "Remove");
    this.syncs.push(() => {
      add.setAttribute("aria-pressed", String(this.brush.mode === "add"));
      remove.setAttribute("aria-pressed", String(this.brush.mode === "remove"));
    });
    return h("span", { class: "segmented", role: "group", "aria-label": "Brush mode" }, add, remove);
  }

  mode(mode) {
    this.brush.mode = mode;
    this.onbrush();
    this.sync();
  }

  say(text) {
    put(this.status, text);
  }

  sync() {
    for (const sync of this.syncs) sync();
  }
}
