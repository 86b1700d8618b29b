// The page: who is there, which view is shown, and what all views share.

import * as api from "./api.js";
import { DeskPage } from "./deskpage.js";
import { help } from "./dialogs.js";
import { DropPage, DropsPage } from "./dropspage.js";
import { banner, h, key, put, toast } from "./dom.js";
import * as keys from "./keys.js";
import { MetricsPage } from "./metricspage.js";
import * as queue from "./queue.js";
import { QueuePage } from "./queuepage.js";
import * as session from "./session.js";
import { stale } from "./images.js";
import { UploadPage } from "./uploadpage.js";

const THEME = "packshot.theme";
const VIEWS = [["queue", "Queue", "q"], ["drops", "Drops", "d"], ["metrics", "Metrics", "t"], ["upload", "New drop", "u"]];
const PAGES = { queue: QueuePage, task: DeskPage, drops: DropsPage, drop: DropPage, metrics: MetricsPage, upload: UploadPage };

class App {
  constructor() {
    this.main = document.getElementById("main");
    this.pages = {};
    this.last = null;
  }

  me() {
    this.whoami ??= api.me();
    this.whoami.catch(() => (this.whoami = null));
    return this.whoami;
  }

  reasons() {
    this.defects ??= api.reasons();
    this.defects.catch(() => (this.defects = null));
    return this.defects;
  }

  go(hash) {
    if (location.hash === hash) this.route();
    else location.hash = hash;
  }

  /** Starts reviewing what matches. */
  async review(filters) {
    queue.restart(filters);
    await this.begin();
  }

  /** Opens the first task of the queue that is free, claimed already: a colleague may start at the same moment. */
  async begin() {
    this.pages.task ??= new DeskPage(this);
    try {
      const id = await this.pages.task.ahead.follow(null);
      if (id) this.go(`#/task/${encodeURIComponent(id)}`);
      else toast("Nothing free waits there.");
    } catch (problem) {
      toast(problem.message, { kind: "bad" });
    }
  }

  route() {
    if (!session.signedIn()) return this.signedOut();
    const [name = "queue", ...rest] = location.hash.replace(/^#\/?/, "").split("/").map(decodeURIComponent);
    const kind = name === "drops" && rest.length ? "drop" : name in PAGES ? name : "queue";
    if (this.page !== this.pages[kind]) this.page?.leave?.();
    this.page = this.pages[kind] ??= new PAGES[kind](this);
    if (this.main.firstChild !== this.page.element) put(this.main, this.page.element);
    keys.use([...this.page.keys(), ...this.keys()]);
    for (const link of document.querySelectorAll("#bar nav a")) {
      const here = link.dataset.view === (kind === "drop" ? "drops" : kind === "task" ? "queue" : kind);
      if (here) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
    return this.page.open(rest.join("/"));
  }

  keys() {
    const group = "Everywhere";
    return [
      ...VIEWS.map(([name, label, letter]) => ({ keys: [letter], says: label, group, run: () => this.go(`#/${name}`) })),
      { keys: ["?"], says: "This help", group, run: () => help() },
      { keys: ["z"], says: "Undo the last decision", group: "Decide", run: () => this.undo() },
    ];
  }

  bar(me) {
    const theme = h("button", { class: "quiet", title: "Light, dark or as the system", onclick: () => this.theme() }, "Theme");
    put(document.getElementById("bar"),
      h("a", { class: "brand", href: "#/queue" }, "packshot"),
      h("nav", { "aria-label": "Views" }, VIEWS.map(([name, label]) => h("a", { href: `#/${name}`, "data-view": name }, label))),
      h("div", { class: "me" }, h("span", { class: "who", title: me.who }, me.name), theme,
        h("button", { class: "quiet", onclick: () => help() }, "Help ", key("?")),
        h("button", { class: "quiet", onclick: () => session.signOut() }, "Sign out")));
  }

  theme() {
    const order = ["", "light", "dark"];
    const next = order[(order.indexOf(localStorage.getItem(THEME) ?? "") + 1) % order.length];
    localStorage.setItem(THEME, next);
    document.documentElement.dataset.theme = next;
    toast(`Theme: ${next || "as the system"}`, { seconds: 2 });
  }

  signedOut() {
    this.page?.leave?.();
    keys.use([]);
    put(document.getElementById("bar"), h("a", { class: "brand", href: "#/" }, "packshot"));
    put(this.main, h("div", { class: "page narrow welcome" }, h("h1", {}, "Review desk"),
      session.canSignIn()
        ? [h("p", {}, "Sign in to see what waits."), h("button", { class: "primary", onclick: () => session.signIn() }, "Sign in")]
        : h("p", {}, "Open the address that ", h("code", {}, "packshot up"), " prints: it carries this session's token.")));
  }

  /** Signed in, and still not let in. */
  stranger(problem) {
    put(this.main, h("div", { class: "page narrow welcome" }, h("h1", {}, problem.title), h("p", { role: "alert" }, problem.message),
      h("button", { onclick: () => session.signOut() }, "Sign out")));
  }

  /** A decision was counted: offer to take it back while that is possible. */
  decided(answer) {
    const { task } = answer.view;
    stale(task.task_id);
    const until = answer.undo_until * 1000;
    const left = Math.max(0, Math.round((until - Date.now()) / 1000));
    this.last = left ? { id: task.task_id, until } : null;
    const did = task.decision === "approve" ? "Approved" : "Rejected";
    const lot = { accept: " The lot is accepted.", rework: " The lot is refused and done once more.", hold: " The lot is refused: it is held and the operators are told." }[answer.lot] ?? "";
    toast(`${did} ${task.sku} ${task.view}.${lot}`, { kind: task.decision, seconds: Math.min(8, left || 6), action: left ? { label: "Undo (Z)", run: () => this.undo() } : null });
    this.page?.loadLot?.();
  }

  async undo() {
    if (!this.last || this.last.until < Date.now()) {
      this.last = null;
      return toast("There is nothing to undo.");
    }
    const { id } = this.last;
    this.last = null;
    try {
      await api.undo(id);
      queue.again(id);
      stale(id);
      this.go(`#/task/${encodeURIComponent(id)}`);
      return toast("Taken back.");
    } catch (problem) {
      return toast(problem.message, { kind: "bad" });
    }
  }

  async start() {
    document.documentElement.dataset.theme = localStorage.getItem(THEME) ?? "";
    try {
      const refused = await session.begin();
      if (refused) banner(refused);
    } catch (problem) {
      return banner(`The desk cannot start. ${problem.message}`, { label: "Try again", run: () => location.reload() });
    }
    let away = false;
    api.watch({
      onLost: () => {
        away = true;
        banner("No connection to the desk. What you decide now is not counted.", { label: "Try again", run: () => this.route() });
      },
      onFound: () => {
        if (away) banner("");
        away = false;
      },
      onStranger: () => {
        session.forget();
        this.signedOut();
        banner("Your session is over: sign in again.");
      },
    });
    window.addEventListener("hashchange", () => {
      const given = new URLSearchParams(location.hash.slice(1)).get("token");
      if (given) location.reload();
      else this.route();
    });
    window.addEventListener("offline", () => banner("You are offline."));
    window.addEventListener("online", () => {
      banner("");
      this.route();
    });
    if (!session.signedIn()) return this.signedOut();
    try {
      this.bar(await this.me());
    } catch (problem) {
      if (problem.status === 403) return this.stranger(problem);
      if (problem.status !== 401) banner(problem.message, { label: "Try again", run: () => location.reload() });
      return undefined;
    }
    return this.route();
  }
}

new App().start();
