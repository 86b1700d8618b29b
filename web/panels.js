// The desk's side: what the checks found, the lot and its sample, what is known of the photo, who did what.

import { curve } from "./charts.js";
import { h, number, when } from "./dom.js";

const WHY = {
  sample: "In the lot's random sample",
  flag: "Flagged by the checks",
  altered: "Parts of the product were made up",
  exception: "Fits no segment",
  canary: "First of its lot",
  rework: "You or a colleague refused it; this is the second try",
};

export const why = (task) => WHY[task.why] ?? task.why;

/** A photo may be flagged though each check is within its limit: what they say together, in words. */
export const likely = (score) => `Together, the checks make an error likely (${Math.round(100 * score)} %).`;

/** The checks, failing first, each with its measured value and its limit. */
export function checks({ checks: found, photo, view }) {
  const score = photo.flags?.includes("error_score") ? view.task.error_score : null;
  const list = score == null ? found : [{ name: "error_score", passed: false, says: likely(score), value: score }, ...found];
  if (!list.length) return h("p", { class: "muted" }, "No checks are recorded for this photo.");
  const failing = list.filter((check) => !check.passed);
  const passed = list.filter((check) => check.passed);
  return h("section", { class: "panel", "aria-labelledby": "checks-title" },
    h("h2", { id: "checks-title" }, "Checks", h("span", { class: `badge ${failing.length ? "bad" : "good"}` }, failing.length ? `${failing.length} beyond the limit` : "all within limits")),
    failing.length ? lines(failing) : null,
    passed.length ? h("details", {}, h("summary", {}, `${passed.length} within their limits`), lines(passed)) : null);
}

const lines = (list) =>
  h("ul", { class: "checks" }, list.map((check) => h("li", { class: check.passed ? "" : "failing" },
    h("span", { class: "mark", "aria-hidden": "true" }, check.passed ? "✓" : "!"),
    h("span", { class: "says" }, h("span", { class: "hidden" }, check.passed ? "Passed: " : "Failed: "), check.says),
    check.limit === undefined ? null : h("span", { class: "numbers", title: `${check.name}: measured ${check.value}, limit ${check.limit}` }, `${number(check.value)} / ${number(check.limit)}`))));

/** The lot: how much is looked at, what that proves, what comes next. */
export function lot(panel, task) {
  const { lot: record } = panel;
  const left = panel.sample_tasks - panel.sample_decided;
  const progress = h("progress", { max: Math.max(1, panel.sample_tasks), value: panel.sample_decided, "aria-label": "Sample decided" });
  return h("section", { class: "panel", "aria-labelledby": "lot-title" },
    h("h2", { id: "lot-title" }, "Lot", h("span", { class: "badge" }, record.decision || record.status)),
    h("p", { class: "muted small" }, `${record.lot} · ${record.size} photo${record.size === 1 ? "" : "s"} · ${record.segment}${record.attempt ? " · second pass" : ""}`),
    h("dl", { class: "tiles" },
      tile("Sample", `${panel.sample_decided} / ${panel.sample_tasks}`),
      tile("Defective", panel.defects, panel.defects > record.acceptance_number ? "bad" : ""),
      tile("Allowed", record.acceptance_number),
      tile("Other", `${panel.other_decided} / ${panel.other_tasks}`)),
    progress,
    task.why === "sample"
      ? [h("p", { class: "small next" }, h("b", {}, "If approved: "), panel.on_approve), h("p", { class: "small next" }, h("b", {}, "If rejected: "), panel.on_reject)]
      : h("p", { class: "small next" }, "This photo is outside the sample: rejected, it alone is held. The lot leaves only when all its tasks are decided."),
    panel.curve.length
      ? h("details", {}, h("summary", {}, `What this sample proves${left ? "" : " (complete)"}`), curve(panel.curve), h("p", { class: "small muted" }, panel.plan))
      : h("p", { class: "small muted" }, panel.plan));
}

const tile = (label, value, kind = "") => h("div", { class: kind }, h("dt", {}, label), h("dd", {}, String(value)));

/** How often the network looked at a photo before its matte was sure enough. */
const LOOKS = { fast: "one", accurate: "several" };

/** What is known of the photo, and its history. */
export function facts(detail) {
  const { photo, view } = detail;
  const catalogue = photo.catalog ?? {};
  const rows = [
    ["Title", catalogue.title], ["Category", catalogue.category], ["Material", catalogue.material], ["Colour", catalogue.colour],
    ["File", photo.file], ["Size", photo.width ? `${photo.width} × ${photo.height} px` : ""], ["Segment", `${photo.segment} (${view.segment_owner})`],
    ["Looks", LOOKS[photo.way] ?? photo.way], ["Expected error", view.task.error_score == null ? "" : `${Math.round(view.task.error_score * 100)} %`],
    ["Profile", photo.profile_version ? `version ${photo.profile_version}` : ""],
  ].filter(([, value]) => value);
  return h("section", { class: "panel", "aria-labelledby": "facts-title" },
    h("h2", { id: "facts-title" }, "Photo"),
    h("dl", { class: "facts" }, rows.map(([name, value]) => [h("dt", {}, name), h("dd", {}, String(value))])),
    (photo.notes ?? []).length ? h("ul", { class: "small muted notes" }, photo.notes.map((note) => h("li", {}, note))) : null,
    detail.trail.length ? h("details", {}, h("summary", {}, `History (${detail.trail.length})`),
      h("ol", { class: "trail small" }, detail.trail.map((entry) => h("li", {}, h("time", { datetime: entry.at }, when(entry.at)), ` ${entry.who}: ${entry.what}`)))) : null);
}
