// What the reviewer changes on one photo: sliders, brush and shadow, with undo and redo, previewed live.

import * as api from "./api.js";

const WAIT = 90; // ms after the last change before a preview is asked for

/** The changes on one photo. `onchange` follows each change, `onpreview(image or null)` each answer;
 *  `side()` says how large a preview the screen can show. */
export class Change {
  constructor(task, settings, { onchange, onpreview, onproblem, side }) {
    Object.assign(this, { id: task.task_id, settings, onchange, onpreview, onproblem, side });
    this.saved = JSON.stringify(task.override ?? {});
    this.now = structuredClone(task.override ?? {});
    this.before = [];
    this.after = [];
    this.timer = null;
    this.asked = null;
  }

  get dirty() {
    return JSON.stringify(this.now) !== this.saved;
  }

  get empty() {
    return Object.keys(this.now).length === 0;
  }

  /** A value as it is in force: the reviewer's, else the batch's, else the given one. */
  value(name, otherwise) {
    return this.now[name] ?? this.settings[name] ?? otherwise;
  }

  get shadow() {
    return { kind: "none", direction_deg: 90, length: 0.05, softness: 0.02, density: 0.35, ...this.settings.shadow, ...this.now.shadow };
  }

  /** Sets fields; null takes one away. Changes of the same `what` within a second are one step of undo. */
  set(fields, what = Object.keys(fields).join()) {
    const moment = performance.now();
    if (what !== this.lastWhat || moment - this.lastTime > 1000) {
      this.before.push(JSON.stringify(this.now));
      if (this.before.length > 200) this.before.shift();
    }
    [this.lastWhat, this.lastTime] = [what, moment];
    this.after = [];
    for (const [name, value] of Object.entries(fields)) {
      if (value === null) delete this.now[name];
      else this.now[name] = value;
    }
    this.changed();
  }

  addStroke(stroke) {
    this.set({ strokes: [...(this.now.strokes ?? []), stroke] }, `stroke ${performance.now()}`);
  }

  undo() {
    this.step(this.before, this.after);
  }

  redo() {
    this.step(this.after, this.before);
  }

  reset() {
    if (this.empty) return;
    this.before.push(JSON.stringify(this.now));
    this.after = [];
    this.now = {};
    this.changed();
  }

  step(from, to) {
    if (!from.length) return;
    to.push(JSON.stringify(this.now));
    this.now = JSON.parse(from.pop());
    this.lastWhat = null;
    this.changed();
  }

  changed() {
    this.onchange();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.preview(), WAIT);
  }

  /** Asks for a preview of the changes as they are; an older question is taken back. */
  async preview(first = false) {
    this.asked?.abort();
    if (this.empty && this.saved === "{}" && !first) return this.onpreview(null);
    const asked = (this.asked = new AbortController());
    this.lastSide = this.side();
    try {
      const blob = await api.preview(this.id, this.side(), this.now, asked.signal);
      const image = await createImageBitmap(blob);
      if (this.asked === asked) this.onpreview(image);
    } catch (problem) {
      if (problem.name !== "AbortError") this.onproblem(problem);
    }
    return undefined;
  }

  /** The screen shows more now: asks again, larger, if that helps. */
  sharper() {
    if (this.empty || this.side() <= this.lastSide) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.preview(), 3 * WAIT);
  }

  /** Keeps the changes on the task and renders them at full size; the task's view after it. */
  async save(version) {
    const kept = await api.override(this.id, version, this.now);
    const view = await api.render(this.id, kept.task.version);
    this.saved = JSON.stringify(this.now);
    return view;
  }

  close() {
    clearTimeout(this.timer);
    this.asked?.abort();
  }
}

/** The brush: pointer or keys in, strokes out. */
export class Painter {
  constructor(viewer, change, brush) {
    Object.assign(this, { viewer, change, brush });
    this.points = null;
    viewer.painter = this;
    viewer.brush = { ...brush, at: null };
  }

  get drawing() {
    return this.points !== null;
  }

  get extent() {
    return [this.viewer.sheet.width, this.viewer.sheet.height];
  }

  over(place) {
    this.viewer.brush = { ...this.brush, at: place };
    this.viewer.draw();
  }

  down(place, turned = false) {
    this.points = [place];
    this.turned = turned;
  }

  move(place) {
    const [x, y] = this.points.at(-1);
    const step = (this.brush.size * Math.max(...this.extent)) / 8;
    if (Math.hypot(place[0] - x, place[1] - y) >= step && this.points.length < 2000) this.points.push(place);
  }

  up() {
    if (!this.points) return;
    const [width, height] = this.extent;
    const near = (value) => Math.min(1.5, Math.max(-0.5, Math.round(value * 1e4) / 1e4));
    const points = this.points.map(([x, y]) => [near(x / width), near(y / height)]);
    const other = { add: "remove", remove: "add" };
    const mode = this.turned ? other[this.brush.mode] : this.brush.mode;
    this.points = null;
    this.change.addStroke({ mode, size: this.brush.size, softness: this.brush.softness, points });
  }

  cancel() {
    this.points = null;
  }

  /** Arrow keys: moves the brush by a step of the screen. */
  nudge(dx, dy) {
    const at = this.viewer.brush.at ?? [...this.viewer.centre];
    const place = [at[0] + dx / this.viewer.scale, at[1] + dy / this.viewer.scale];
    this.over(place);
    if (this.drawing) this.points.push(place);
  }

  /** Space: puts the brush down, and lifts it again. */
  press() {
    if (this.drawing) this.up();
    else this.down(this.viewer.brush.at ?? [...this.viewer.centre]);
  }

  close() {
    this.viewer.painter = null;
    this.viewer.brush = null;
    this.viewer.draw();
  }
}
