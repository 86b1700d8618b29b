// Dialogues: the reasons of a rejection, and the help. The browser's own dialog keeps the focus inside.

import { h, key } from "./dom.js";
import * as keys from "./keys.js";

const NAMES = { space: "Space", escape: "Esc", arrowleft: "←", arrowright: "→", arrowup: "↑", arrowdown: "↓", ctrl: "Ctrl", shift: "Shift", enter: "Enter" };

function open(content, { label, list = [] }) {
  const dialog = h("dialog", { "aria-label": label }, content);
  const release = keys.push(list);
  dialog.addEventListener("close", () => {
    release();
    dialog.remove();
  });
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

/** Asks for reasons; resolves to {reasons, comment}, or null when it was left. */
export function askReasons(defects, title) {
  return new Promise((resolve) => {
    const chosen = new Set();
    let answer = null;
    const comment = h("textarea", { rows: 2, maxlength: 1000, "aria-label": "Comment" });
    const submit = h("button", { class: "reject", type: "submit", disabled: true }, "Reject ", key("Enter"));
    const boxes = new Map();
    const changed = () => {
      submit.disabled = !chosen.size || (chosen.has("OTHER") && !comment.value.trim());
    };
    const toggle = (code) => {
      const box = boxes.get(code);
      box.checked = !box.checked;
      box.dispatchEvent(new Event("change"));
    };
    const rows = defects.map((defect) => {
      const box = h("input", { type: "checkbox" });
      boxes.set(defect.code, box);
      box.addEventListener("change", () => {
        chosen[box.checked ? "add" : "delete"](defect.code);
        if (defect.code === "OTHER" && box.checked) comment.focus();
        changed();
      });
      return h("label", { class: "reason" }, box, key(defect.key.toUpperCase()), h("span", {}, h("b", {}, defect.label), h("small", {}, defect.says)));
    });
    comment.addEventListener("input", changed);
    const form = h("form", { method: "dialog" },
      h("h2", {}, title), h("div", { class: "reasons" }, rows),
      h("label", { class: "field" }, "Comment", comment),
      h("div", { class: "row end" }, h("button", { type: "button", class: "quiet", onclick: () => dialog.close() }, "Cancel ", key("Esc")), submit));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (submit.disabled) return;
      answer = { reasons: [...chosen], comment: comment.value.trim() };
      dialog.close();
    });
    const list = defects.map((defect) => ({ keys: [defect.key], run: () => toggle(defect.code) }));
    list.push({ keys: ["enter"], run: () => form.requestSubmit() }, { keys: ["ctrl+enter"], typing: true, run: () => form.requestSubmit() });
    const dialog = open(form, { label: title, list });
    dialog.addEventListener("close", () => resolve(answer));
    boxes.values().next().value.focus();
  });
}

/** The help: every key of the page, and the switch for single keys. */
export function help() {
  const groups = Map.groupBy(keys.all().filter((entry) => entry.says), (entry) => entry.group ?? "Everywhere");
  const toggle = h("input", { type: "checkbox", checked: keys.enabled() });
  toggle.addEventListener("change", () => keys.enable(toggle.checked));
  const pretty = (name) => (name.length === 1 ? name.toUpperCase() : name.split("+").map((part) => NAMES[part] ?? part.toUpperCase()).join(" "));
  const dialog = open(
    h("form", { method: "dialog", class: "help" },
      h("h2", {}, "Keys"),
      h("div", { class: "columns" }, [...groups].map(([group, entries]) => h("section", {}, h("h3", {}, group),
        h("dl", { class: "keys" }, entries.map((entry) => [h("dt", {}, key(...entry.keys.slice(0, 4).map(pretty))), h("dd", {}, entry.says)]))))),
      h("label", { class: "check" }, toggle, "Single keys act (switch off for speech input or screen readers)"),
      h("div", { class: "row end" }, h("button", {}, "Close ", key("Esc")))),
    { label: "Help", list: [{ keys: ["?"], run: () => dialog.close() }] });
}
