// A new drop from this page: files straight into the bucket by presigned addresses, large ones in parts.

import * as api from "./api.js";
import { h, key, put, toast } from "./dom.js";

const AT_ONCE = 4;
const TRIES = 3;
const BATCH = 100;

/** PUTs a blob, telling how many bytes have gone. Fetch cannot tell, so this is XMLHttpRequest. */
function send(address, blob, onprogress) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("PUT", address);
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.upload.onprogress = (event) => onprogress(event.loaded);
    request.onload = () => (request.status < 300 ? resolve() : reject(new Error(`the bucket answered ${request.status}.`)));
    request.onerror = () => reject(new Error("the connection broke."));
    request.send(blob);
  });
}

async function stubborn(act) {
  for (let n = 1; ; n++) {
    try {
      return await act();
    } catch (problem) {
      if (n === TRIES) throw problem;
      await new Promise((resolve) => setTimeout(resolve, 500 * 2 ** n));
    }
  }
}

const CATALOG = "catalog.csv";
const taken = (name) => name === CATALOG || /\.(jpe?g|png)$/i.test(name);

const size = (bytes) => (bytes < 1e6 ? `${Math.max(1, Math.round(bytes / 1e3))} kB` : `${(bytes / 1e6).toFixed(1)} MB`);

/** All files of what was dropped, those of folders too. */
async function filesOf(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.length) return [...transfer.files];
  const read = (from, what) => new Promise((resolve, reject) => from[what](resolve, reject));
  const walk = async (entry) => {
    if (entry.isFile) return [await read(entry, "file")];
    const reader = entry.createReader();
    const found = [];
    for (let some = await read(reader, "readEntries"); some.length; some = await read(reader, "readEntries")) found.push(...some);
    return (await Promise.all(found.map(walk))).flat();
  };
  return (await Promise.all(entries.map(walk))).flat();
}

export class UploadPage {
  constructor(app) {
    this.app = app;
    this.name = h("input", { name: "drop", required: true, maxlength: 200, autocomplete: "off" });
    this.input = h("input", { type: "file", multiple: true, accept: ".jpg,.jpeg,.png,.csv", class: "hidden", id: "files" });
    this.rows = h("tbody");
    this.status = h("p", { role: "status", class: "muted" });
    this.start = h("button", { class: "primary", type: "submit" }, "Upload");
    const zone = h("label", { class: "zone", for: "files" }, h("b", {}, "Drop photos or a folder here"), h("span", { class: "muted" }, "or choose files ", key("O")), this.input);
    for (const kind of ["dragover", "dragleave", "drop"]) {
      zone.addEventListener(kind, (event) => {
        event.preventDefault();
        zone.classList.toggle("over", kind === "dragover");
        if (kind === "drop") filesOf(event.dataTransfer).then((files) => this.add(files), () => this.say("The folder cannot be read: choose its files instead.", true));
      });
    }
    this.input.addEventListener("change", () => {
      this.add([...this.input.files]);
      this.input.value = ""; // the same file may be chosen again after it was taken out
    });
    const form = h("form", {}, h("label", { class: "field" }, "Name of the drop", this.name), zone, h("div", { class: "pagehead" }, this.status, this.start), h("div", { class: "scroll" }, h("table", { class: "list" }, this.rows)));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.upload();
    });
    window.addEventListener("beforeunload", (event) => this.busy && event.preventDefault());
    this.element = h("div", { class: "page narrow" }, h("div", { class: "pagehead" }, h("h1", {}, "New drop")), form);
    this.reset();
  }

  keys() {
    return [{ keys: ["o"], says: "Choose files", group: "New drop", run: () => this.input.click() }];
  }

  open() {
    document.title = "New drop · packshot";
  }

  reset() {
    this.files = [];
    this.busy = false;
    put(this.rows);
    this.name.value = `drop-${new Date().toISOString().slice(0, 16).replaceAll(/[:T]/g, "-")}`;
    this.count();
  }

  say(text, bad = false) {
    put(this.status, bad ? h("span", { class: "bad" }, text) : text);
  }

  add(files) {
    const left = [];
    for (const file of files) {
      if (file.name.startsWith(".")) continue;
      if (!taken(file.name)) left.push(`${file.name} is no JPEG, PNG or catalog.csv`);
      else if (this.files.some((line) => line.file.name === file.name)) left.push(`${file.name} is in the list already`);
      else this.line(file);
    }
    this.count();
    if (left.length) this.say(`Left out: ${left.slice(0, 5).join("; ")}${left.length > 5 ? `; and ${left.length - 5} more` : ""}.`, true);
  }

  line(file) {
    const bar = h("progress", { max: Math.max(1, file.size), value: 0, "aria-label": `Progress of ${file.name}` });
    const state = h("span", { class: "muted" }, size(file.size));
    const line = { file, bar, state, done: false };
    const out = h("button", { class: "icon", type: "button", "aria-label": `Leave ${file.name} out`, onclick: () => {
      this.files = this.files.filter((other) => other !== line);
      line.row.remove();
      this.count();
      this.input.focus();
    } }, "×");
    line.out = out;
    line.row = h("tr", {}, h("td", {}, file.name), h("td", {}, bar), h("td", { class: "fixed" }, state), h("td", {}, out));
    this.rows.append(line.row);
    this.files.push(line);
  }

  count() {
    this.start.disabled = this.busy || !this.files.length;
    const bytes = this.files.reduce((sum, line) => sum + line.file.size, 0);
    if (!this.files.length) this.say("JPEG or PNG named SKU_view.jpg, and a catalog.csv with sku, title and category.");
    else this.say(`${this.files.length} files, ${size(bytes)}.${this.files.some((line) => line.file.name === CATALOG) ? "" : " No catalog.csv among them: title and category must then be in the photos' metadata."}`);
  }

  /** Sends what is not in yet, then the marker that closes the drop. */
  async upload() {
    this.busy = true;
    this.start.disabled = true;
    for (const line of this.files) line.out.disabled = true;
    const drop = this.name.value.trim();
    try {
      const left = this.files.filter((line) => !line.done);
      this.say(`Sending ${left.length} files…`);
      let plan = null;
      for (let i = 0; i < left.length || !plan; i += BATCH) {
        const batch = left.length ? left.slice(i, i + BATCH) : this.files.slice(0, 1); // all are in but the marker
        plan = await api.planUpload({ drop, files: batch.map(({ file }) => ({ name: file.name, bytes: file.size })) });
        await this.batch(drop, batch, plan.targets);
      }
      await stubborn(() => send(plan.ready_url, new Blob([]), () => {}));
      toast(`${this.files.length} files are in. The drop is on its way.`);
      this.reset();
      this.app.expected = plan.drop; // recorded a moment later, when the bucket's events have come
      this.app.go(`#/drops/${encodeURIComponent(plan.drop)}`);
    } catch (problem) {
      this.busy = false;
      this.start.disabled = false;
      for (const line of this.files) line.out.disabled = line.done;
      this.say(`Not all files are in: ${problem.message} Press Upload to send the rest.`, true);
    }
  }

  async batch(drop, lines, targets) {
    const left = lines.map((line, i) => [line, targets[i]]).filter(([line]) => !line.done);
    const worker = async () => {
      for (let next = left.shift(); next; next = left.shift()) await this.one(drop, ...next);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
  }

  async one(drop, line, target) {
    const { file, bar } = line;
    const progress = (before) => (bytes) => {
      bar.value = before + bytes;
    };
    if (target.url) await stubborn(() => send(target.url, file, progress(0)));
    else {
      for (const [i, address] of target.part_urls.entries()) {
        const start = i * target.part_bytes;
        await stubborn(() => send(address, file.slice(start, start + target.part_bytes), progress(start)));
      }
      await api.completeUpload({ drop, name: file.name, upload_id: target.upload_id });
    }
    bar.value = bar.max;
    line.done = true;
    put(line.state, "in");
  }
}
