// Drops: the overview, and one drop with its progress, lots, ends, rejections and audit.

import * as api from "./api.js";
import { bars, stack } from "./charts.js";
import { download, h, put, toast, when } from "./dom.js";

const AGAIN = 4000; // ms between two looks at a drop that is on its way
const PATIENCE = 20; // looks at a drop that was just uploaded and is not recorded yet
const STILL = new Set(["exported", "held", "failed", "recalled"]); // lots that only a person moves
const ENDS = ["exported", "held", "failed", "rejected"];
const STAGES = [["received", "Received"], ["planned", "Planned"], ["processed", "Processed"], ["ended", "Ended"]];

/** Parts of a drop by status, in the order of the way. */
const parts = (counts) => ["exported", "accepted", "waiting", "held", "failed", "rejected"].map((name) => ({ label: name, value: counts[name] ?? 0, kind: name }));

export class DropsPage {
  constructor(app) {
    this.app = app;
    this.rows = h("tbody");
    this.note = h("p", { class: "muted", role: "status" });
    this.more = h("button", { hidden: true, onclick: () => this.load() }, "Show more");
    this.element = h("div", { class: "page" },
      h("div", { class: "pagehead" }, h("h1", {}, "Drops"), this.note, h("a", { class: "button primary", href: "#/upload" }, "New drop")),
      h("div", { class: "scroll" }, h("table", { class: "list" }, h("thead", {}, h("tr", {}, ["Drop", "Status", "Photos", "Last activity"].map((name) => h("th", { scope: "col" }, name)))), this.rows)),
      h("p", {}, this.more));
  }

  keys() {
    return [{ keys: ["enter"], says: "Open the newest drop", group: "Drops", run: () => this.rows.querySelector("a")?.click() }];
  }

  async open() {
    document.title = "Drops · packshot";
    this.cursor = "";
    put(this.rows);
    await this.load();
  }

  async load() {
    try {
      const page = await api.drops(this.cursor);
      this.cursor = page.cursor;
      this.more.hidden = !page.cursor;
      for (const line of page.drops) this.rows.append(this.row(line));
      put(this.note, this.rows.children.length ? "" : "No drop yet. Upload photos, or copy them into the incoming bucket.");
    } catch (problem) {
      put(this.note, problem.message, " ", h("button", { class: "link", onclick: () => this.load() }, "Try again"));
    }
  }

  row(line) {
    const counts = h("td", { "data-label": "Photos" }, h("span", { class: "muted" }, "…"));
    api.drop(line.drop).then((detail) => put(counts, detail.photos ? stack(parts(detail.by_status), "Photos") : "none"), () => put(counts, h("span", { class: "muted" }, "cannot be counted")));
    return h("tr", {},
      h("td", { "data-label": "Drop" }, h("a", { href: `#/drops/${encodeURIComponent(line.drop)}` }, line.prefix.replace(/^incoming\//, "").replace(/\/$/, "") || line.drop)),
      h("td", { "data-label": "Status" }, h("span", { class: `badge ${line.status}` }, line.status), line.note && h("small", { class: "muted" }, ` ${line.note}`)),
      counts,
      h("td", { "data-label": "Last activity" }, h("time", { datetime: line.last_event_at }, when(line.last_event_at))));
  }
}

export class DropPage {
  constructor(app) {
    this.app = app;
    this.body = h("div");
    this.element = h("div", { class: "page" }, this.body);
  }

  keys() {
    return [
      { keys: ["g"], says: "Refresh", group: "Drop", run: () => this.refresh() },
      { keys: ["x"], says: "Download the rejections as CSV", group: "Drop", run: () => this.csv() },
    ];
  }

  async open(id) {
    Object.assign(this, { id, seen: "", status: "", patience: this.app.expected === id ? PATIENCE : 0 });
    document.title = `${id} · packshot`;
    this.list = null;
    this.head("Loading…");
    await this.look();
  }

  leave() {
    clearTimeout(this.later);
    this.id = null;
  }

  /** Reads the drop, and again after a while as long as it is on its way. */
  async look() {
    const { id } = this;
    const began = performance.now();
    clearTimeout(this.later);
    try {
      const detail = await api.drop(id);
      if (this.id !== id) return;
      this.patience = 0;
      this.show(detail);
      if (detail.line.status === "done" && detail.lots.every((lot) => STILL.has(lot.status))) return;
    } catch (problem) {
      if (this.id !== id) return;
      const early = problem.status === 404 && this.patience-- > 0;
      if (!early) return void put(this.body, h("p", { role: "alert" }, problem.message, " ", h("button", { class: "link", onclick: () => this.look() }, "Try again")));
      this.head("The photos are in. The drop is being recorded…");
    }
    // A large drop takes long to count: it is asked for less often.
    this.later = setTimeout(() => this.again(), Math.max(AGAIN, 20 * (performance.now() - began)));
  }

  /** What is shown while there is nothing to show yet. */
  head(text) {
    put(this.body, h("div", { class: "pagehead" }, h("h1", {}, this.id), h("p", { class: "muted", role: "status" }, text)));
  }

  refresh() {
    this.seen = "";
    return this.look();
  }

  /** Nobody looks at a hidden page, and what somebody is about to press must not be drawn anew. */
  again() {
    const busy = this.body.contains(document.activeElement) && !this.tabs?.contains(document.activeElement);
    if (document.hidden || busy) this.later = setTimeout(() => this.again(), AGAIN);
    else this.look();
  }

  show(detail) {
    const { line } = detail;
    const seen = JSON.stringify(detail);
    if (seen === this.seen) return;
    this.seen = seen;
    const focused = this.tabs?.contains(document.activeElement);
    const list = this.list ?? h("div");
    this.audit = h("p", { class: "audit", role: "status" }, "Counting…");
    this.list = list; // stays until its new lines come: nothing jumps
    const tabs = h("div", { class: "segmented tabs", role: "group", "aria-label": "Photos by status" },
      [...ENDS].reverse().map((status) => h("button", { "data-status": status, onclick: () => this.photos(status) }, `${status} ${detail.by_status[status] ?? 0}`)));
    this.tabs = tabs;
    put(this.body,
      h("div", { class: "pagehead" }, h("h1", {}, line.drop), h("span", { class: `badge ${line.status}` }, line.status), h("p", { class: "muted line" }, `${detail.photos} photo${detail.photos === 1 ? "" : "s"} · opened ${when(line.opened_at)}`),
        h("button", { onclick: () => this.csv() }, "Rejections as CSV")),
      detail.catalog_errors.length ? h("ul", { class: "bad small" }, detail.catalog_errors.map((text) => h("li", {}, text))) : null,
      h("div", { class: "cards" },
        h("section", { class: "panel" }, h("h2", {}, "Progress"), bars(STAGES.map(([name, label]) => ({ label, value: detail.stages[name] ?? 0 }))), stack(parts(detail.by_status), "Photos by status")),
        h("section", { class: "panel" }, h("h2", {}, "Audit"), this.audit, h("h2", {}, "Segments"), bars(Object.entries(detail.by_segment).map(([label, value]) => ({ label, value })))),
        h("section", { class: "panel" }, h("h2", {}, "Why photos stopped"), bars(detail.reasons.map(({ says, photos }) => ({ label: says, value: photos, kind: "warn" })), { empty: "No photo stopped." }))),
      this.lots(detail),
      h("section", {}, h("h2", {}, "Photos"), tabs, this.list));
    api.audit(line.drop).then((audit) => put(this.audit, h("span", { class: `badge ${audit.balanced ? "good" : "warn"}` }, audit.balanced ? "balanced" : audit.open ? `${audit.open} on the way` : "does not add up"), " ", audit.says, this.odd(audit)), (problem) => put(this.audit, problem.message));
    const first = [...ENDS].reverse().find((status) => detail.by_status[status]);
    if (this.status || first) this.photos(this.status || first);
    if (focused) tabs.querySelector(`[data-status="${this.status}"]`)?.focus();
  }

  /** What keeps the sum from adding up, by name: the operators' search starts there. */
  odd(audit) {
    const parts = [["No record of", audit.unrecorded], ["Recorded, never dropped:", audit.unknown]].filter(([, names]) => names.length);
    return parts.length ? h("ul", { class: "bad small" }, parts.flatMap(([says, names]) => names.map((name) => h("li", {}, `${says} ${name}`)))) : null;
  }

  lots(detail) {
    if (!detail.lots.length) return null;
    return h("section", {}, h("h2", {}, "Lots"), h("div", { class: "scroll" }, h("table", { class: "list" },
      h("thead", {}, h("tr", {}, ["Lot", "Segment", "Photos", "Status", "Decided", "Rejected", "Sample", "Allowed", ""].map((name) => h("th", { scope: "col" }, name || h("span", { class: "hidden" }, "Review"))))),
      h("tbody", {}, detail.lots.map((lot) => h("tr", {},
        h("td", { "data-label": "Lot" }, lot.lot), h("td", { "data-label": "Segment" }, lot.segment), h("td", { "data-label": "Photos" }, String(lot.size)),
        h("td", { "data-label": "Status" }, h("span", { class: `badge ${lot.status}` }, lot.status), lot.reason && h("small", {}, ` ${lot.reason.message}`)),
        h("td", { "data-label": "Decided" }, `${lot.decided} / ${lot.task_ids.length}`), h("td", { "data-label": "Rejected", class: lot.defects ? "bad" : "" }, String(lot.defects)), h("td", { "data-label": "Sample" }, String(lot.sample_size)), h("td", { "data-label": "Allowed" }, String(lot.acceptance_number)),
        h("td", {}, lot.status === "review" ? h("button", { class: "link", onclick: () => this.app.review({ drop: lot.drop, lot: lot.lot }) }, "Review") : null)))))));
  }

  async photos(status, cursor = "") {
    this.status = status;
    for (const button of this.tabs.children) button.setAttribute("aria-pressed", String(button.dataset.status === status));
    try {
      const page = await api.photos(this.id, { status, cursor, limit: 50 });
      if (this.status !== status) return;
      const rows = page.photos.map((photo) => this.photo(photo));
      if (cursor) this.list.querySelector("tbody").append(...rows);
      else put(this.list, rows.length ? h("div", { class: "scroll" }, h("table", { class: "list" }, h("thead", {}, h("tr", {}, ["File", "Why", "What to do", ""].map((name) => h("th", { scope: "col" }, name || h("span", { class: "hidden" }, "Retry"))))), h("tbody", {}, rows))) : h("p", { class: "muted" }, `No ${status} photos.`));
      this.list.querySelector(".more")?.remove();
      if (page.cursor) this.list.append(h("button", { class: "more", onclick: () => this.photos(status, page.cursor) }, "Show more"));
    } catch (problem) {
      put(this.list, h("p", { role: "alert" }, problem.message));
    }
  }

  photo(photo) {
    const why = photo.reason;
    const numbers = why && [why.measured && `measured ${why.measured}`, why.required && `required ${why.required}`].filter(Boolean).join(", ");
    const retry = h("button", { onclick: () => this.retry(photo, retry) }, "Retry");
    return h("tr", {},
      h("td", { "data-label": "File" }, photo.file, h("small", { class: "muted" }, ` ${photo.segment}`)),
      h("td", { "data-label": "Why" }, why ? why.message : "", numbers ? h("small", { class: "muted" }, ` ${numbers}`) : null),
      h("td", { "data-label": "What to do" }, why?.cure ?? ""),
      h("td", {}, photo.retry ? retry : null));
  }

  async retry(photo, button) {
    button.disabled = true;
    try {
      await api.retry(this.id, photo.photo_id);
      toast(`${photo.file} goes through once more.`);
      button.closest("tr").remove();
      this.later = setTimeout(() => this.again(), AGAIN);
    } catch (problem) {
      button.disabled = false;
      toast(problem.message, { kind: "bad" });
    }
  }

  async csv() {
    try {
      download(await api.rejected(this.id), `${this.id}-rejected.csv`);
    } catch (problem) {
      toast(problem.message, { kind: "bad" });
    }
  }
}
