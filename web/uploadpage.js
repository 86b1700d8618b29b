// A new drop from this page: files straight into the bucket by presigned addresses, large ones in parts.

import * as api from "./api.js";
import { h, put, toast } from "./dom.js";

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
    request.onload = () => (request.status < 300 ? resolve() : reject(new Error(`the bucket answered ${request.status}`)));
    request.onerror = () => reject(new Error("the connection broke"));
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

export class UploadPage {
  constructor(app) {
    this.app = app;
    this.files = [];
    this.name = h("input", { name: "drop", required: true, maxlength: 200, autocomplete: "off", value: `drop-${new Date().toISOString().slice(0, 16).replaceAll(/[:T]/g, "-")}` });
    this.input = h("input", { type: "file", multiple: true, accept: ".jpg,.jpeg,.png,.csv", class: "hidden", id: "files" });
    this.rows = h("tbody");
    this.status = h("p", { role: "status", class: "muted" }, "JPEG or PNG named SKU_view.jpg, and a catalog.csv with sku, title and category.");
    this.go = h("button", { class: "primary", type: "submit", disabled: true }, "Upload");
    const zone = h("label", { class: "zone", for: "files" }, h("b", {}, "Drop photos here"), h("span", { class: "muted" }, "or choose files"), this.input);
    for (const kind of ["dragover", "dragleave", "drop"]) {
      zone.addEventListener(kind, (event) => {
        event.preventDefault();
        zone.classList.toggle("over", kind === "dragover");
        if (kind === "drop") this.add(event.dataTransfer.files);
      });
    }
    this.input.addEventListener("change", () => this.add(this.input.files));
    const form = h("form", {}, h("label", { class: "field" }, "Name of the drop", this.name), zone, this.status, h("div", { class: "scroll" }, h("table", { class: "list" }, this.rows)), this.go);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.upload();
    });
    this.element = h("div", { class: "page narrow" }, h("div", { class: "pagehead" }, h("h1", {}, "New drop")), form);
  }

  keys() {
    return [{ keys: ["o"], says: "Choose files", group: "Upload", run: () => this.input.click() }];
  }

  open() {
    document.title = "New drop · packshot";
  }

  add(files) {
    for (const file of files) {
      if (this.files.some((line) => line.file.name === file.name)) continue;
      const bar = h("progress", { max: Math.max(1, file.size), value: 0, "aria-label": `Progress of ${file.name}` });
      const state = h("td", { class: "muted" }, `${(file.size / 1e6).toFixed(1)} MB`);
      this.rows.append(h("tr", {}, h("td", {}, file.name), h("td", {}, bar), state));
      this.files.push({ file, bar, state });
    }
    this.go.disabled = !this.files.length;
  }

  async upload() {
    this.go.disabled = true;
    const drop = this.name.value.trim();
    try {
      let plan;
      for (let i = 0; i < this.files.length; i += BATCH) {
        const batch = this.files.slice(i, i + BATCH);
        plan = await api.planUpload({ drop, files: batch.map(({ file }) => ({ name: file.name, bytes: file.size })) });
        await this.batch(drop, batch, plan.targets);
      }
      await stubborn(() => send(plan.ready_url, new Blob([]), () => {}));
      toast(`${this.files.length} files are in. The drop is on its way.`);
      this.app.go(`#/drops/${encodeURIComponent(plan.drop)}`);
    } catch (problem) {
      put(this.status, h("span", { class: "bad" }, `Not all files are in: ${problem.message} Press Upload to send the rest.`));
      this.go.disabled = false;
    }
  }

  async batch(drop, lines, targets) {
    const left = lines.map((line, i) => ({ ...line, target: targets[i], line })).filter(({ line }) => !line.done);
    const worker = async () => {
      for (let next = left.shift(); next; next = left.shift()) await this.one(drop, next);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
  }

  async one(drop, { file, bar, state, target, line }) {
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
    put(state, "in");
  }
}
