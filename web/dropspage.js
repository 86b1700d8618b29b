// Drops: the overview, and one drop with its progress, lots, ends, rejections and audit.

import * as api from "./api.js";
import { bars, stack } from "./charts.js";
import { download, h, put, toast, when } from "./dom.js";

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
      { keys: ["g"], says: "Refresh", group: "Drop", run: () => this.open(this.id) },
      { keys: ["x"], says: "Download the rejections as CSV", group: "Drop", run: () => this.csv() },
    ];
  }

  async open(id) {
    this.id = id;
    document.title = `${id} · packshot`;
    try {
      const detail = await api.drop(id);
      if (this.id === id) this.show(detail);
    } catch (problem) {
      put(this.body, h("p", { role: "alert" }, problem.message, " ", h("button", { class: "link", onclick: () => this.open(id) }, "Try again")));
    }
  }

  show(detail) {
    const { line } = detail;
    this.audit = h("p", { class: "audit", role: "status" }, "Counting…");
    this.list = h("div");
    const tabs = h("div", { class: "segmented tabs", role: "group", "aria-label": "Photos by status" },
      [...ENDS].reverse().map((status) => h("button", { "data-status": status, onclick: () => this.photos(status) }, `${status} ${detail.by_status[status] ?? 0}`)));
    this.tabs = tabs;
    put(this.body,
      h("div", { class: "pagehead" }, h("h1", {}, line.drop), h("span", { class: `badge ${line.status}` }, line.status), h("p", { class: "muted" }, `${detail.photos} photos · opened ${when(line.opened_at)}`),
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
    if (first) this.photos(first);
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
    for (const button of this.tabs.children) button.setAttribute("aria-pressed", String(button.dataset.status === status));
    try {
      const page = await api.photos(this.id, { status, cursor, limit: 50 });
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
