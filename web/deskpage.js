// One photo on the desk: look, change, decide, next.

import * as api from "./api.js";
import { Change, Painter } from "./change.js";
import { ChangePanel } from "./changepanel.js";
import { askReasons } from "./dialogs.js";
import { banner, due, h, key, put, toast } from "./dom.js";
import { sheet, stale } from "./images.js";
import { Ahead } from "./leases.js";
import * as leases from "./leases.js";
import * as panels from "./panels.js";
import * as queue from "./queue.js";
import { toolbar } from "./toolbar.js";
import { Viewer } from "./viewer.js";

const STEP = 80; // canvas pixels of one arrow key
const WAYS = { ArrowLeft: [STEP, 0], ArrowRight: [-STEP, 0], ArrowUp: [0, STEP], ArrowDown: [0, -STEP] };

export class DeskPage {
  constructor(app) {
    this.app = app;
    this.viewer = new Viewer({ onchange: () => this.looked(), onproblem: (problem) => toast(problem.message, { kind: "bad" }) });
    this.ahead = new Ahead();
    this.tools = toolbar(this.viewer);
    this.head = h("div", { class: "head" });
    this.side = h("div", { class: "side" });
    this.state = h("p", { class: "state small", role: "status" });
    this.approve = h("button", { class: "approve", onclick: () => this.decide("approve") }, "Approve ", key("A"));
    this.reject = h("button", { class: "reject", onclick: () => this.decide("reject") }, "Reject ", key("R"));
    this.skip = h("button", { class: "quiet", onclick: () => this.next() }, "Next ", key("N"));
    this.decision = h("div", { class: "decision" }, this.state, h("div", { class: "row" }, this.approve, this.reject, this.skip));
    this.element = h("div", { class: "desk" },
      h("section", { class: "stage", "aria-label": "Viewer" }, this.tools.element, this.viewer.element),
      h("aside", { "aria-label": "Decision" }, this.head, this.decision, this.side));
    this.brush = { mode: "remove", size: 0.03, softness: 0.3 };
  }

  keys() {
    const view = this.viewer;
    const pan = (dx, dy) => (view.painter ? view.painter.nudge(-dx / 8, -dy / 8) : view.pan(dx, dy));
    const look = "Look", decide = "Decide", change = "Change";
    const background = (name) => () => view.set({ background: name });
    return [
      { keys: ["a"], says: "Approve", group: decide, run: () => this.decide("approve") },
      { keys: ["r"], says: "Reject, with reasons", group: decide, run: () => this.decide("reject") },
      { keys: ["n", "j"], says: "Next photo", group: decide, run: () => this.next() },
      { keys: ["k"], says: "Previous photo", group: decide, run: () => this.previous() },
      { keys: ["v"], says: "Side by side, slider, result, source", group: look, run: () => this.tools.cycle() },
      { keys: ["s"], says: "Show the source while held", group: look, run: () => view.set({ flip: true }), up: () => view.set({ flip: false }) },
      { keys: ["+", "="], says: "Zoom in", repeats: true, group: look, run: () => view.zoom(view.scale * 1.5) },
      { keys: ["-"], says: "Zoom out", repeats: true, group: look, run: () => view.zoom(view.scale / 1.5) },
      { keys: ["0", "f"], says: "Fit", group: look, run: () => view.fit() },
      { keys: ["1"], says: "1:1 pixels", group: look, run: () => view.zoom(1) },
      { keys: ["2"], says: "2:1", group: look, run: () => view.zoom(2) },
      { keys: ["4"], says: "4:1", group: look, run: () => view.zoom(4) },
      { keys: ["arrowleft", "arrowright", "arrowup", "arrowdown"], says: "Move the photo, or the brush", repeats: true, group: look, run: (e) => pan(...WAYS[e.key]) },
      { keys: [",", "."], says: "Move the slider", repeats: true, group: look, run: (e) => { view.split.value = Number(view.split.value) + (e.key === "." ? 4 : -4); view.draw(); } },
      { keys: ["b"], says: "Next background", group: look, run: () => this.tools.nextBackground() },
      { keys: ["w"], says: "White", group: look, run: background("white") },
      { keys: ["m"], says: "Matte overlay", group: look, run: () => view.toggle("matte") },
      { keys: ["e"], says: "Edge overlay", group: look, run: () => view.toggle("edge") },
      { keys: ["c"], says: "Change edges and shadow", group: change, run: () => this.openChange() },
      { keys: ["p"], says: "Brush", group: change, run: () => this.togglePainter() },
      { keys: ["x"], says: "Brush adds or removes", group: change, run: () => this.panel?.mode(this.brush.mode === "add" ? "remove" : "add") },
      { keys: ["[", "]"], says: "Brush size", repeats: true, group: change, run: (e) => this.resizeBrush(e.key === "]" ? 1.25 : 0.8) },
      { keys: ["space"], says: "Put the brush down, lift it", group: change, run: () => view.painter?.press() },
      { keys: ["ctrl+z"], says: "Undo a change", repeats: true, group: change, run: () => this.change?.undo() },
      { keys: ["ctrl+y", "ctrl+shift+z"], says: "Redo a change", repeats: true, group: change, run: () => this.change?.redo() },
      { keys: ["escape"], run: () => this.closePainter() },
    ];
  }

  /** Shows a task, claims it unless that was done ahead, and gets the next one ready. */
  async open(id) {
    const mine = this.ahead.take(id);
    this.leave();
    this.id = id;
    this.lock("Loading…");
    this.element.dataset.preloaded = "";
    this.element.classList.add("loading");
    this.claiming = mine ? Promise.resolve(mine) : leases.claim(id).catch((problem) => problem);
    this.app.reasons().catch(() => {}); // known before they are asked for: R 3 Enter is typed faster than they come
    let opened;
    try {
      opened = await this.viewer.ready(await sheet(id));
    } catch (problem) {
      return this.failed(problem, id);
    }
    if (this.id !== id) return undefined;
    this.sheet = opened;
    this.element.classList.remove("loading");
    this.viewer.show(opened);
    this.showDetail(opened.detail);
    this.unlock(mine ? "" : "Claiming…");
    this.element.dataset.shown = id;
    this.loadLot();
    const answer = await this.claiming;
    if (this.id !== id) return undefined;
    if (answer instanceof Error) this.notMine(answer);
    else this.mine(answer);
    return this.prepareNext();
  }

  showDetail(detail) {
    const { task } = detail.view;
    document.title = `${task.sku} ${task.view} · packshot`;
    put(this.head,
      h("div", { class: "title" }, h("h1", {}, task.sku, " ", h("span", { class: "muted" }, task.view)), h("p", {}, detail.photo.catalog?.title ?? task.file)),
      h("p", { class: "chips" }, h("span", { class: `chip ${task.why}` }, panels.why(task)), h("span", { class: detail.view.overdue ? "chip bad" : "chip" }, `due ${due(task.due_at)}`), task.escalated ? h("span", { class: "chip bad" }, "escalated") : null, h("span", { class: "chip" }, task.segment)));
    const lot = `${task.drop}/${task.lot}`; // the panel of the same lot stays until its new numbers come: nothing jumps
    if (this.lotBox?.dataset.lot !== lot) this.lotBox = h("div", { "data-lot": lot }, h("p", { class: "muted small" }, "Loading the lot…"));
    this.lotBox.setAttribute("aria-busy", "true");
    this.changeBox = h("div", {}, h("button", { class: "wide", onclick: () => this.openChange() }, "Change edges, brush or shadow ", key("C")));
    put(this.side, panels.checks(detail), this.changeBox, this.lotBox, panels.facts(detail));
    if (Object.keys(task.override ?? {}).length) this.openChange();
  }

  async loadLot() {
    if (!this.sheet || !this.lotBox) return;
    const { task } = this.sheet.detail.view;
    const { id, lotBox } = this;
    const panel = await api.lot(task.drop, task.lot).catch((problem) => problem);
    if (this.id !== id) return;
    const unfolded = lotBox.querySelector("details")?.open;
    lotBox.setAttribute("aria-busy", "false");
    put(lotBox, panel instanceof Error ? h("p", { class: "muted small" }, `The lot cannot be shown: ${panel.message}`) : panels.lot(panel, task));
    if (unfolded) lotBox.querySelector("details")?.setAttribute("open", "");
  }

  lock(text) {
    this.approve.disabled = this.reject.disabled = true;
    delete this.element.dataset.mine;
    put(this.state, text);
  }

  /** The photo is on the screen: it may be decided, which waits for the claim if that is still on its way. */
  unlock(text) {
    this.approve.disabled = this.reject.disabled = false;
    put(this.state, text);
  }

  mine(view) {
    this.view = view;
    this.unlock(`Yours until ${new Date(view.task.lease_until * 1000).toLocaleTimeString([], { timeStyle: "short" })}`);
    this.element.dataset.mine = view.task.task_id;
    clearTimeout(this.renewal);
    const left = view.task.lease_until * 1000 - Date.now();
    this.renewal = setTimeout(() => this.renew(), Math.max(20_000, left / 2));
  }

  /** Prolongs the leases while somebody is looking; a hidden page lets them run out. */
  async renew() {
    if (document.hidden || !this.view) return;
    const { id } = this;
    this.ahead.renew();
    const answer = await leases.claim(id).catch((problem) => problem);
    if (this.id !== id || !this.view) return;
    if (answer instanceof Error) this.notMine(answer);
    else this.mine(answer);
  }

  notMine(problem) {
    this.view = this.claiming = null;
    this.lock(problem.message);
    this.state.append(" ", h("button", { class: "link", onclick: () => this.next() }, "Next photo"));
  }

  failed(problem, id) {
    stale(id);
    this.element.classList.remove("loading");
    this.sheet = null;
    this.viewer.clear();
    put(this.head, h("div", { class: "title" }, h("h1", {}, problem.title ?? "The photo cannot be shown")));
    put(this.side);
    this.lock(problem.message);
    this.state.append(" ", h("button", { class: "link", onclick: () => this.open(id) }, "Try again"));
    return undefined;
  }

  async prepareNext() {
    const following = await this.ahead.follow(this.id).catch(() => null);
    if (!following) return;
    const ready = await sheet(following).then((next) => this.viewer.ready(next)).catch(() => null); // said when it is opened
    if (ready && this.ahead.id === following) this.element.dataset.preloaded = following;
  }

  looked() {
    this.tools?.sync();
    this.change?.sharper();
  }

  // -------------------------------------------------------------- deciding
  async decide(decision) {
    if (this.deciding || this.approve.disabled) return;
    const { id, change } = this;
    this.deciding = true;
    try {
      await this.send(id, decision, change);
    } finally {
      if (this.id === id) this.deciding = false;
    }
  }

  async send(id, decision, change) {
    const { task } = this.sheet.detail.view;
    const said = decision === "reject" ? await askReasons(await this.app.reasons(), `Reject ${task.sku} ${task.view}`) : { reasons: [], comment: "" };
    if (!said || this.id !== id) return;
    if (!this.view) {
      this.lock("Claiming…");
      await this.claiming;
      if (this.id !== id || !this.view) return; // `open` has said why
    }
    let { version } = this.view.task;
    if (decision === "approve" && change?.dirty) {
      this.lock("Rendering at full size…");
      try {
        ({ version } = (await change.save(version)).task);
        stale(id);
      } catch (problem) {
        toast(problem.message, { kind: "bad" });
        return void this.open(id);
      }
    }
    this.lock("Sending…");
    const sent = api.decide(id, { decision, version, ...said });
    sent.then((decided) => this.decided(decided), (problem) => this.undecided(id, task, problem));
    queue.done(id);
    this.view = this.claiming = null;
    await this.next();
  }

  /** A lot that was refused takes its other tasks along: the photo on the desk may be one of them. */
  decided(answer) {
    this.app.decided(answer);
    if (!["rework", "hold"].includes(answer.lot)) return;
    const { drop, lot } = answer.view.task;
    queue.refused(drop, lot);
    const of = (task) => task?.drop === drop && task.lot === lot;
    if (of(this.ahead.view?.task)) this.ahead.forget();
    if (this.view && of(this.view.task)) {
      this.view = this.claiming = null;
      this.next();
    }
  }

  undecided(id, task, problem) {
    queue.again(id);
    stale(id);
    toast(`${task.sku} ${task.view} is not decided: ${problem.message}`, { kind: "bad", seconds: 0, action: { label: "Back to it", run: () => this.app.go(`#/task/${encodeURIComponent(id)}`) } });
  }

  async next() {
    const here = this.id;
    const ahead = await this.ahead.coming?.catch(() => null);
    const following = ahead ?? (await this.ahead.follow(here).catch((problem) => problem));
    if (this.id !== here) return undefined;
    if (following instanceof Error) return banner(following.message, { label: "Try again", run: () => { banner(""); this.next(); } });
    if (following) return this.app.go(`#/task/${encodeURIComponent(following)}`);
    toast("Nothing more waits in this queue.");
    return this.app.go("#/queue");
  }

  async previous() {
    const before = queue.before(this.id);
    if (before) this.app.go(`#/task/${encodeURIComponent(before)}`);
  }

  // -------------------------------------------------------------- changing
  openChange() {
    if (this.change || !this.sheet) return;
    this.change = new Change(this.sheet.detail.view.task, this.sheet.detail.settings, {
      onchange: () => {
        this.panel.sync();
        this.panel.say("previewing…");
      },
      onpreview: (image) => {
        this.viewer.showLive(this.change.empty && this.change.saved === "{}" ? null : image);
        this.panel.say(image && !this.change.empty ? "preview" : "as the batch made it");
        this.element.dataset.previewed = String(Number(this.element.dataset.previewed ?? 0) + 1);
      },
      onproblem: (problem) => this.panel.say(problem.message),
      side: () => this.viewer.side,
    });
    this.panel = new ChangePanel({ change: this.change, brush: this.brush, onbrush: () => this.useBrush(), onpainting: () => this.togglePainter() });
    put(this.changeBox, this.panel.element);
    this.panel.element.querySelector("input").focus({ preventScroll: true });
    this.panel.element.scrollIntoView({ block: "nearest" });
    this.change.preview(true); // also without a change: it lays the photo out where the next previews are made
  }

  togglePainter() {
    if (this.viewer.painter) return this.closePainter();
    this.openChange();
    if (!this.change) return undefined;
    if (this.viewer.mode === "source") this.viewer.set({ mode: "result" });
    new Painter(this.viewer, this.change, this.brush);
    this.viewer.painter.over([...this.viewer.centre]);
    this.viewer.element.focus({ preventScroll: true });
    this.panel.paintButton.setAttribute("aria-pressed", "true");
    return undefined;
  }

  closePainter() {
    this.viewer.painter?.close();
    this.panel?.paintButton.setAttribute("aria-pressed", "false");
  }

  useBrush() {
    if (this.viewer.painter) this.viewer.painter.over(this.viewer.brush.at);
  }

  resizeBrush(factor) {
    this.brush.size = Math.min(0.2, Math.max(0.005, this.brush.size * factor));
    this.useBrush();
    this.panel?.sync();
  }

  /** Puts the photo back: another reviewer may take it at once. What was changed but not approved keeps it. */
  leave() {
    if (this.claiming && !this.change?.dirty) leases.release(this.id); // else its lease runs out by itself
    this.ahead.drop();
    this.id = this.view = this.claiming = null;
    this.deciding = false;
    this.closePainter();
    this.change?.close();
    this.change = null;
    this.panel = null;
    clearTimeout(this.renewal);
  }
}
