// Source and result on one canvas: side by side, under a slider, or alone; one zoom and one place for both.

import { h } from "./dom.js";

export const MODES = ["side", "slider", "result", "source"];
export const BACKGROUNDS = ["white", "black", "checker", "magenta", "channel"];
const MOST_SCALE = 16;
const GAP = 2;

export class Viewer {
  /** `onchange` is called when zoom, mode, background or overlays change; `onproblem` when a picture is not to be had. */
  constructor({ onchange = () => {}, onproblem = () => {} } = {}) {
    this.onchange = onchange;
    this.onproblem = onproblem;
    this.canvas = h("canvas", { role: "img", "aria-label": "No photo" });
    this.split = h("input", { type: "range", min: 0, max: 100, value: 50, class: "split", "aria-label": "Slider between source and result", hidden: true });
    this.element = h("div", { class: "viewer", tabindex: 0, role: "group", "aria-label": "Photo" }, this.canvas, this.split);
    this.mode = innerWidth < 700 ? "slider" : "side";
    this.split.hidden = this.mode !== "slider";
    this.background = "white";
    this.channel = "#f2f2f2";
    this.overlay = { matte: false, edge: false };
    this.marks = null;
    this.sheet = null;
    this.live = null; // a rendered preview instead of the batch's result
    this.flip = false;
    this.brush = null; // {size, at: [x, y] or null, mode}: drawn as a circle
    this.scale = 1;
    this.centre = [0, 0];
    this.fitted = true;
    this.split.addEventListener("input", () => this.draw());
    new ResizeObserver(() => this.resize()).observe(this.element);
    this.listen();
  }

  /** Shows a sheet that `ready` has been awaited for. Zoom and place stay on a photo of the same size. */
  show(sheet) {
    const first = !this.sheet || this.sheet.width !== sheet.width || this.sheet.height !== sheet.height;
    if (this.sheet !== sheet) this.sheet?.rest();
    this.sheet = sheet;
    this.live = null;
    this.marks = null;
    if (first) this.fit();
    this.wantFull();
    this.wantMarks();
    this.draw();
    this.changed();
  }

  /** Makes a sheet ready to be shown at once, as wide as it fits. Throws when its pictures cannot be read. */
  async ready(sheet) {
    await sheet.prepare(this.widthOf(sheet));
    return sheet;
  }

  /** How wide, in canvas pixels, a sheet is when it fits. */
  widthOf(sheet) {
    return Math.max(1, Math.round(sheet.width * this.fitScaleOf(sheet)));
  }

  /** Shows nothing: a photo that is not the task's must not be looked at. */
  clear() {
    this.sheet?.rest();
    this.sheet = this.live = this.marks = null;
    this.canvas.setAttribute("aria-label", "No photo");
    this.draw();
  }

  /** Shows a rendered preview (an image with transparency), or the batch's result again with null. */
  showLive(image) {
    this.live = image;
    this.draw();
  }

  set(changes) {
    Object.assign(this, changes);
    this.split.hidden = this.mode !== "slider";
    if (this.fitted) this.fit();
    this.wantMarks();
    this.draw();
    this.changed();
  }

  toggle(name) {
    this.set({ overlay: { ...this.overlay, [name]: !this.overlay[name] } });
  }

  async wantMarks() {
    if ((!this.overlay.matte && !this.overlay.edge) || this.marks || !this.sheet) return;
    const sheet = this.sheet;
    const marks = await sheet.overlays().catch(this.onproblem);
    if (this.sheet !== sheet) return;
    this.marks = marks ?? "none";
    this.draw();
  }

  // -------------------------------------------------------------- place and zoom, in device pixels a photo pixel
  get panes() {
    return this.panesOf(this.sheet);
  }

  panesOf(sheet) {
    const { width, height } = this.canvas;
    if (this.mode !== "side") return [{ x: 0, y: 0, width, height }];
    if (this.beside(sheet)) {
      const half = Math.floor((width - GAP) / 2);
      return [{ x: 0, y: 0, width: half, height }, { x: half + GAP, y: 0, width: width - half - GAP, height }];
    }
    const half = Math.floor((height - GAP) / 2);
    return [{ x: 0, y: 0, width, height: half }, { x: 0, y: half + GAP, width, height: height - half - GAP }];
  }

  /** The longest side, px, that a preview needs now: what the screen shows of it, in steps. */
  get side() {
    const shown = this.scale * Math.max(this.sheet.width, this.sheet.height);
    return Math.min(1600, Math.max(400, Math.ceil(shown / 200) * 200));
  }

  /** Whether two panes side by side show more of the photo than one above the other. */
  beside(sheet) {
    const { width, height } = this.canvas;
    if (!sheet) return width >= height;
    const ratio = sheet.width / sheet.height;
    return Math.min(width / 2, height * ratio) >= Math.min(width, (height / 2) * ratio);
  }

  get fitScale() {
    return this.fitScaleOf(this.sheet);
  }

  fitScaleOf(sheet) {
    const [pane] = this.panesOf(sheet);
    return Math.min(pane.width / sheet.width, pane.height / sheet.height) * 0.96;
  }

  fit() {
    if (!this.sheet || !this.canvas.width) return;
    this.fitted = true;
    this.scale = this.fitScale;
    this.centre = [this.sheet.width / 2, this.sheet.height / 2];
    this.refine();
    this.draw();
    this.changed();
  }

  /** Bitmaps for the size that the photo has now: at once for a new size, after a rest while a window is dragged. */
  refine() {
    clearTimeout(this.later);
    const { sheet } = this;
    this.later = setTimeout(() => {
      if (this.sheet === sheet) sheet.prepare(this.widthOf(sheet)).then(() => this.draw(), this.onproblem);
    }, 60);
  }

  /** Asks for the full size once the zoom shows more than the screen's bitmaps hold. */
  wantFull() {
    const { sheet } = this;
    if (!this.fitted && !sheet.full && sheet.blurs(this.scale * sheet.width)) sheet.whole().then(() => this.draw(), this.onproblem);
  }

  /** Zooms to device pixels a photo pixel; `at` (canvas px) stays where it is. */
  zoom(scale, at = null) {
    if (!this.sheet) return;
    const least = Math.min(this.fitScale, 1) / 2;
    const next = Math.min(MOST_SCALE, Math.max(least, scale));
    if (at) {
      const [x, y] = this.toPhoto(at);
      const pane = this.paneAt(at);
      this.centre = [x - (at[0] - pane.x - pane.width / 2) / next, y - (at[1] - pane.y - pane.height / 2) / next];
    }
    this.fitted = false;
    this.scale = next;
    this.clampCentre();
    this.wantFull();
    this.draw();
    this.changed();
  }

  pan(dx, dy) {
    this.fitted = false;
    this.centre = [this.centre[0] - dx / this.scale, this.centre[1] - dy / this.scale];
    this.clampCentre();
    this.draw();
  }

  clampCentre() {
    const { width, height } = this.sheet;
    this.centre = [Math.min(width, Math.max(0, this.centre[0])), Math.min(height, Math.max(0, this.centre[1]))];
  }

  paneAt([x, y]) {
    return this.panes.find((p) => x >= p.x && x < p.x + p.width && y >= p.y && y < p.y + p.height) ?? this.panes.at(-1);
  }

  /** Photo pixels of a place on the canvas. */
  toPhoto(at) {
    const pane = this.paneAt(at);
    return [
      this.centre[0] + (at[0] - pane.x - pane.width / 2) / this.scale,
      this.centre[1] + (at[1] - pane.y - pane.height / 2) / this.scale,
    ];
  }

  /** Canvas pixels of a pointer event. */
  at(event) {
    const box = this.canvas.getBoundingClientRect();
    return [(event.clientX - box.left) * this.ratio, (event.clientY - box.top) * this.ratio];
  }

  get ratio() {
    return this.canvas.width / Math.max(1, this.canvas.clientWidth);
  }

  // -------------------------------------------------------------- drawing
  resize() {
    const ratio = Math.min(3, devicePixelRatio || 1);
    const width = Math.round(this.element.clientWidth * ratio);
    const height = Math.round(this.element.clientHeight * ratio);
    if (width === this.canvas.width && height === this.canvas.height) return;
    this.canvas.width = width;
    this.canvas.height = height;
    if (this.fitted) this.fit();
    this.draw();
  }

  draw() {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = null;
      this.paint();
    });
  }

  paint() {
    const pen = this.canvas.getContext("2d");
    pen.setTransform(1, 0, 0, 1, 0, 0);
    pen.clearRect(0, 0, this.canvas.width, this.canvas.height);
    if (!this.sheet) return;
    const panes = this.panes;
    if (this.mode === "side") {
      this.pane(pen, panes[0], "source");
      this.pane(pen, panes[1], this.flip ? "source" : "result");
    } else if (this.mode === "slider" && !this.flip) {
      const [pane] = panes;
      const at = Math.round((pane.width * this.split.value) / 100);
      this.pane(pen, pane, "source", { ...pane, width: at });
      this.pane(pen, pane, "result", { ...pane, x: at, width: pane.width - at });
      pen.fillStyle = "#fff";
      pen.fillRect(at - 1, 0, 2, pane.height);
      pen.fillStyle = "#000";
      pen.fillRect(at + 1, 0, 1, pane.height);
    } else {
      this.pane(pen, panes[0], this.flip || this.mode === "source" ? "source" : "result");
    }
  }

  pane(pen, pane, what, clip = pane) {
    const { width, height } = this.sheet;
    pen.save();
    pen.beginPath();
    pen.rect(clip.x, clip.y, Math.max(0, clip.width), clip.height);
    pen.clip();
    // On whole pixels: a bitmap that was made for this size is copied, not sampled once more.
    const left = Math.round(pane.x + pane.width / 2 - this.centre[0] * this.scale);
    const top = Math.round(pane.y + pane.height / 2 - this.centre[1] * this.scale);
    const box = [left, top, Math.round(width * this.scale), Math.round(height * this.scale)];
    pen.imageSmoothingEnabled = this.scale < 2;
    pen.imageSmoothingQuality = "high";
    const layers = this.live && what === "result" ? [this.live] : this.sheet.drawn(what, box[2]);
    if (what === "result") this.ground(pen, box);
    for (const layer of layers) pen.drawImage(layer, ...box);
    if (what === "result") {
      if (this.marks && this.marks !== "none") {
        if (this.overlay.matte) pen.drawImage(this.marks.tint, ...box);
        if (this.overlay.edge) pen.drawImage((!this.sheet.blurs(box[2]) && this.marks.outline) || this.marks.edge, ...box);
      }
    }
    if (this.brush?.at && (what === "result" || this.mode === "side")) this.circle(pen, left, top);
    pen.restore();
  }

  ground(pen, [x, y, width, height]) {
    pen.fillStyle = { white: "#fff", black: "#000", magenta: "#f0f", checker: "#fff", channel: this.channel }[this.background];
    pen.fillRect(x, y, width, height);
    if (this.background !== "checker") return;
    this.tiles ??= checker();
    pen.fillStyle = pen.createPattern(this.tiles, "repeat");
    pen.fillRect(x, y, width, height);
  }

  circle(pen, left, top) {
    const { at, size, mode } = this.brush;
    const radius = (size * Math.max(this.sheet.width, this.sheet.height) * this.scale) / 2;
    const place = [left + at[0] * this.scale, top + at[1] * this.scale];
    for (const [colour, wide] of [["#000", 3], [mode === "add" ? "#5dff8f" : "#ff7a9a", 1.5]]) {
      pen.strokeStyle = colour;
      pen.lineWidth = wide * Math.max(1, this.ratio);
      pen.beginPath();
      pen.arc(...place, Math.max(2, radius), 0, 2 * Math.PI);
      pen.moveTo(place[0] - 4, place[1]);
      pen.lineTo(place[0] + 4, place[1]);
      pen.moveTo(place[0], place[1] - 4);
      pen.lineTo(place[0], place[1] + 4);
      pen.stroke();
    }
  }

  changed() {
    const what = { side: "Source beside result", slider: "Source and result under a slider", result: "Result", source: "Source" };
    this.canvas.setAttribute("aria-label", `${what[this.mode]}, ${Math.round(this.scale * 100)} %, on ${this.background}`);
    this.onchange(this);
  }

  // -------------------------------------------------------------- pointers
  listen() {
    const pointers = new Map();
    let last = null;
    let sliding = false;
    const { canvas } = this;
    canvas.addEventListener("pointerdown", (event) => {
      if (!this.sheet) return;
      canvas.setPointerCapture(event.pointerId);
      pointers.set(event.pointerId, this.at(event));
      last = this.at(event);
      const line = (this.canvas.width * this.split.value) / 100;
      sliding = this.mode === "slider" && pointers.size === 1 && Math.abs(last[0] - line) < 14 * this.ratio;
      if (this.painter && event.button === 0 && pointers.size === 1 && !sliding) this.painter.down(this.toPhoto(last), event.shiftKey);
      if (pointers.size === 2) this.painter?.cancel();
    });
    canvas.addEventListener("pointermove", (event) => {
      const here = this.at(event);
      if (this.painter) this.painter.over(this.toPhoto(here));
      if (!pointers.has(event.pointerId)) return;
      if (pointers.size === 2) this.pinch(pointers, event.pointerId, here);
      else if (sliding) this.split.value = (100 * here[0]) / this.canvas.width;
      else if (this.painter?.drawing) this.painter.move(this.toPhoto(here));
      else this.pan(here[0] - last[0], here[1] - last[1]);
      pointers.set(event.pointerId, here);
      last = here;
      this.draw();
    });
    const end = (event) => {
      if (!pointers.delete(event.pointerId)) return;
      if (this.painter?.drawing) this.painter.up();
      sliding = false;
    };
    canvas.addEventListener("pointerup", end);
    canvas.addEventListener("pointercancel", end);
    canvas.addEventListener("pointerleave", () => this.painter?.over(null));
    canvas.addEventListener("dblclick", (event) => {
      if (this.painter) return;
      if (this.fitted) this.zoom(1, this.at(event));
      else this.fit();
    });
    canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      this.zoom(this.scale * Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0016)), this.at(event));
    }, { passive: false });
  }

  pinch(pointers, id, here) {
    const before = [...pointers.values()];
    pointers.set(id, here);
    const after = [...pointers.values()];
    const span = ([a, b]) => Math.hypot(a[0] - b[0], a[1] - b[1]);
    const middle = ([a, b]) => [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];
    const [was, is] = [middle(before), middle(after)];
    this.pan(is[0] - was[0], is[1] - was[1]);
    this.zoom((this.scale * span(after)) / Math.max(1, span(before)), is);
  }
}

function checker() {
  const tiles = new OffscreenCanvas(24, 24);
  const pen = tiles.getContext("2d");
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, 24, 24);
  pen.fillStyle = "#c8c8c8";
  pen.fillRect(0, 0, 12, 12);
  pen.fillRect(12, 12, 12, 12);
  return tiles;
}
