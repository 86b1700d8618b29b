// The queue: what waits, the most urgent first.

import { due, h, key, put, when } from "./dom.js";
import * as queue from "./queue.js";
import { likely, why } from "./panels.js";

const CHOICES = {
  segment: ["general", "apparel", "transparent", "reflective", "textured", "lifestyle", "exception"],
  why: ["sample", "flag", "altered", "exception", "rework"],
  state: ["open", "claimed", "decided", "superseded"],
};
const AGAIN = 15_000; // ms
const DONE = { approve: "approved", reject: "rejected" };
const NAMES = { segment: "Segment", drop: "Drop", lot: "Lot", why: "Reason", check: "Failing check", owner: "Owner", state: "State" };

export class QueuePage {
  constructor(app) {
    this.app = app;
    this.rows = h("tbody");
    this.count = h("p", { class: "muted", role: "status" });
    this.more = h("button", { onclick: () => this.load() }, "Show more");
    this.form = h("form", { class: "filters", "aria-label": "Filters" }, queue.FIELDS.filter((name) => name !== "lot").map((name) => this.field(name)), h("button", { type: "reset", class: "quiet" }, "Clear"));
    this.form.addEventListener("change", () => this.filter());
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.filter();
    });
    this.form.addEventListener("reset", () => setTimeout(() => this.filter()));
    this.start = h("button", { class: "primary", onclick: () => this.app.begin() }, "Start reviewing ", key("Enter"));
    this.element = h("div", { class: "page" },
      h("div", { class: "pagehead" }, h("h1", {}, "Queue"), this.count, this.start),
      this.form,
      h("div", { class: "scroll" }, h("table", { class: "list" }, h("thead", {}, h("tr", {}, ["Photo", "Why", "Segment", "Drop", "Owner", "Due", "State"].map((name) => h("th", { scope: "col" }, name)))), this.rows)),
      h("p", {}, this.more));
  }

  keys() {
    return [
      { keys: ["enter"], says: "Start with the first photo", group: "Queue", run: () => this.app.begin() },
      { keys: ["g"], says: "Refresh", group: "Queue", run: () => this.open() },
      { keys: ["/"], says: "Filters", group: "Queue", run: () => this.form.querySelector("select, input").focus() },
      { keys: ["j", "arrowdown"], says: "Next line", repeats: true, group: "Queue", run: () => this.step(1) },
      { keys: ["k", "arrowup"], says: "Line before", repeats: true, group: "Queue", run: () => this.step(-1) },
    ];
  }

  leave() {
    clearTimeout(this.later);
  }

  field(name) {
    const value = queue.wanted()[name] ?? "";
    const input = CHOICES[name]
      ? h("select", { name }, h("option", { value: "" }, name === "state" ? "waiting" : "all"), CHOICES[name].map((choice) => h("option", { value: choice, selected: choice === value }, choice)))
      : h("input", { name, value, autocomplete: "off", placeholder: "all" });
    return h("label", { class: "field" }, NAMES[name], input);
  }

  async open() {
    document.title = "Queue · packshot";
    queue.restart();
    put(this.rows);
    await this.load();
  }

  async filter() {
    queue.restart(Object.fromEntries([...new FormData(this.form)].filter(([, value]) => value)));
    put(this.rows);
    await this.load();
  }

  async load() {
    try {
      const lines = await queue.more();
      put(this.rows, lines.map((line) => this.row(line)));
      const late = lines.filter((line) => line.overdue).length;
      const count = `${lines.length}${queue.hasMore() ? " and more" : ""}`;
      put(this.count, !lines.length ? "Nothing waits here." : ["decided", "superseded"].includes(queue.wanted().state) ? count : `${count} waiting`, late ? [", ", h("b", { class: "bad" }, `${late} overdue`)] : null);
      this.more.hidden = !queue.hasMore();
      this.start.disabled = !lines.some((line) => line.free);
      clearTimeout(this.later);
      if (!lines.length) this.later = setTimeout(() => this.open(), AGAIN); // an empty queue looks for work by itself
    } catch (problem) {
      put(this.count, problem.message, " ", h("button", { class: "link", onclick: () => this.load() }, "Try again"));
      this.more.hidden = true;
    }
  }

  row(line) {
    const { task } = line;
    const state = task.state === "superseded" ? "no longer needed" : task.state === "decided" ? `${DONE[task.decision]} by ${task.decided_by}` : line.mine ? "yours" : line.free ? "free" : `with ${task.owner}`;
    const finding = line.failing[0]?.says ?? (task.why === "flag" && task.error_score != null ? likely(task.error_score) : "");
    return h("tr", { class: line.free ? "" : "taken" },
      h("td", { "data-label": "Photo" }, h("a", { href: `#/task/${encodeURIComponent(task.task_id)}` }, `${task.sku} ${task.view}`)),
      h("td", { "data-label": "Why" }, why(task), finding ? h("small", { class: "bad" }, ` ${finding}`) : null),
      h("td", { "data-label": "Segment" }, task.segment),
      h("td", { "data-label": "Drop" }, h("a", { class: "plain", href: `#/drops/${encodeURIComponent(task.drop)}` }, task.drop)),
      h("td", { "data-label": "Owner" }, line.segment_owner),
      h("td", { "data-label": "Due", class: line.overdue ? "bad" : "" }, h("time", { datetime: task.due_at, title: when(task.due_at) }, due(task.due_at)), task.escalated ? h("small", {}, "escalated to the operators") : null),
      h("td", { "data-label": "State" }, state));
  }

  step(by) {
    const links = [...this.rows.querySelectorAll("td:first-child a")];
    const place = links.indexOf(document.activeElement);
    links[Math.min(links.length - 1, Math.max(0, place + by))]?.focus();
  }
}
