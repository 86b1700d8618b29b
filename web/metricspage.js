// Numbers over lots and drops: where defects come from, how full the queue is, how fast it empties.

import * as api from "./api.js";
import { bars, lotColumns } from "./charts.js";
import { h, put, toast } from "./dom.js";

const median = (values) => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted.length ? sorted[Math.floor(sorted.length / 2)] : null;
};

export class MetricsPage {
  constructor(app) {
    this.app = app;
    this.body = h("div");
    this.element = h("div", { class: "page" }, h("div", { class: "pagehead" }, h("h1", {}, "Metrics")), this.body);
  }

  keys() {
    return [{ keys: ["g"], says: "Refresh", group: "Metrics", run: () => this.open() }];
  }

  async open() {
    document.title = "Metrics · packshot";
    try {
      const [numbers, me, defects] = await Promise.all([api.metrics(), this.app.me(), this.app.reasons()]);
      this.show(numbers, me, new Map(defects.map((defect) => [defect.code, defect.label])));
    } catch (problem) {
      put(this.body, h("p", { role: "alert" }, problem.message, " ", h("button", { class: "link", onclick: () => this.open() }, "Try again")));
    }
  }

  /** A complaint counts as a defect that escaped: it is traced to its photo and tightens the segment's sampling. */
  complaint() {
    const field = (name, label, required = false) => h("label", { class: "field" }, label, h("input", { name, required, maxlength: 200, autocomplete: "off" }));
    const form = h("form", { class: "stacked" }, field("sku", "SKU", true), field("view", "View"), field("reason", "What is wrong"), field("comment", "Comment"), h("button", {}, "Report"));
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      try {
        await api.complain([Object.fromEntries(new FormData(form))]);
        form.reset();
        toast("Noted. It will be traced to its photo and lot.");
      } catch (problem) {
        toast(problem.message, { kind: "bad" });
      }
    });
    return form;
  }

  show(numbers, me, labels) {
    const decided = numbers.minutes_to_decide;
    const waiting = Object.values(numbers.queue).reduce((sum, queue) => sum + (queue.open ?? 0) + (queue.claimed ?? 0), 0);
    const overdue = Object.values(numbers.queue).reduce((sum, queue) => sum + (queue.overdue ?? 0), 0);
    const segments = Object.entries(numbers.by_segment);
    const rejected = segments.reduce((sum, [, counts]) => sum + (counts.rejected ?? 0), 0);
    const panel = (title, ...content) => h("section", { class: "panel" }, h("h2", {}, title), content);
    const tile = (label, value, kind = "") => h("div", { class: kind }, h("dt", {}, label), h("dd", {}, value));
    put(this.body,
      h("dl", { class: "tiles wide" },
        tile("Waiting", String(waiting)), tile("Overdue", String(overdue), overdue ? "bad" : ""), tile("Decided lately", String(decided.length)),
        tile("Rejected", decided.length ? `${Math.round((100 * rejected) / decided.length)} %` : "–"), tile("Median wait", decided.length ? `${Math.round(median(decided))} min` : "–")),
      panel("Rejected among the reviewed photos, lot by lot", lotColumns(numbers.lots.filter((lot) => lot.decided))),
      h("div", { class: "cards" },
        panel("Why photos were rejected", bars(Object.entries(numbers.defects).map(([code, value]) => ({ label: labels.get(code) ?? code, value, kind: "warn" })), { empty: "Nothing was rejected." })),
        panel("Decisions by segment", bars(segments.map(([label, counts]) => ({ label, value: (counts.approved ?? 0) + (counts.rejected ?? 0), note: `${counts.rejected ?? 0} rejected, ${counts.overridden ?? 0} changed` })))),
        panel("Queue by segment", bars(Object.entries(numbers.queue).map(([label, counts]) => ({ label, value: (counts.open ?? 0) + (counts.claimed ?? 0), note: counts.overdue ? `${counts.overdue} overdue` : "" })), { empty: "The queue is empty." })),
        panel("Decisions by reviewer", bars(Object.entries(numbers.by_reviewer).map(([label, value]) => ({ label, value })))),
        panel("A customer complained", this.complaint()),
        panel("Owners and due times", h("table", { class: "list" }, h("thead", {}, h("tr", {}, ["Segment", "Owner", "Due within"].map((name) => h("th", { scope: "col" }, name)))), h("tbody", {}, Object.entries(me.owners).map(([segment, owner]) => h("tr", {}, h("td", { "data-label": "Segment" }, segment), h("td", { "data-label": "Owner" }, owner.owner), h("td", { "data-label": "Due within" }, `${owner.due_hours} h`))))))));
  }
}
