// Small charts as SVG, each with its numbers in words for those who do not see them.

import { h, s } from "./dom.js";

const percent = (share) => `${Math.round(share * 100)} %`;

/** The operating characteristic: points [share defective, chance of acceptance]; `found` marks a share. */
export function curve(points, { width = 300, height = 138 } = {}) {
  const [left, right, top, bottom] = [40, 18, 8, 32];
  const most = points.at(-1)[0] || 1;
  const x = (share) => left + (share / most) * (width - left - right);
  const y = (chance) => top + (1 - chance) * (height - top - bottom);
  const line = points.map(([share, chance]) => `${x(share).toFixed(1)},${y(chance).toFixed(1)}`).join(" ");
  const at = (share) => points.reduce((best, p) => (Math.abs(p[0] - share) < Math.abs(best[0] - share) ? p : best));
  const says = [0.02, 0.05, 0.1, 0.2].filter((share) => share <= most).map((share) => at(share));
  const steps = most > 0.5 ? 0.25 : most > 0.2 ? 0.1 : most > 0.06 ? 0.05 : 0.02;
  const ticks = Array.from({ length: Math.floor(most / steps) + 1 }, (_, i) => i * steps);
  return s("svg", { viewBox: `0 0 ${width} ${height}`, class: "chart", role: "img", "aria-label": `Chance that the lot is accepted: ${says.map(([share, chance]) => `${percent(chance)} at ${percent(share)} defective`).join(", ")}` },
    [0, 0.5, 1].map((c) => [s("line", { x1: left, x2: width - right, y1: y(c), y2: y(c), class: "grid" }), s("text", { x: left - 5, y: y(c) + 3.5, class: "tick end" }, percent(c))]),
    ticks.map((t) => s("text", { x: x(t), y: height - bottom + 13, class: "tick middle" }, percent(t))),
    s("text", { x: (left + width - right) / 2, y: height - 5, class: "tick middle" }, "share of the lot that is defective"),
    s("polyline", { points: line, class: "line" }),
    says.map(([share, chance]) => s("circle", { cx: x(share), cy: y(chance), r: 2.5, class: "dot" }, s("title", {}, `${percent(share)} defective: accepted ${percent(chance)} of the time`))));
}

/** Horizontal bars: [{label, value, note}]. */
export function bars(rows, { empty = "Nothing yet.", unit = "" } = {}) {
  if (!rows.length) return h("p", { class: "muted" }, empty);
  const most = Math.max(...rows.map((row) => row.value), 1);
  return h("table", { class: "bars" }, h("tbody", {}, rows.map((row) => {
    const bar = h("div", { class: `bar ${row.kind ?? ""}` });
    bar.style.width = `${(100 * row.value) / most}%`;
    return h("tr", {}, h("th", { scope: "row" }, row.label), h("td", { class: "track" }, bar), h("td", { class: "value" }, `${row.value}${unit}`, row.note && h("small", {}, ` ${row.note}`)));
  })));
}

/** One line of parts that add up: [{label, value, kind}]. */
export function stack(parts, label) {
  const total = parts.reduce((sum, part) => sum + part.value, 0);
  const shown = parts.filter((part) => part.value);
  return h("div", {},
    h("div", { class: "stack", role: "img", "aria-label": `${label}: ${shown.map((part) => `${part.value} ${part.label}`).join(", ") || "nothing"}` },
      shown.map((part) => {
        const piece = h("div", { class: `piece ${part.kind}` });
        piece.style.flexGrow = part.value / Math.max(1, total);
        return piece;
      })),
    h("ul", { class: "legend", "aria-hidden": "true" }, shown.map((part) => h("li", {}, h("i", { class: part.kind }), `${part.value} ${part.label}`))));
}

/** Lots over time: share of defects in the sample, the limit as a tick. */
export function lotColumns(lots, { width = Math.min(1180, innerWidth - 60), height = 170 } = {}) {
  if (!lots.length) return h("p", { class: "muted" }, "No lot was reviewed yet.");
  const [left, top, bottom] = [40, 8, 18];
  const share = (lot) => (lot.decided ? lot.defects / lot.decided : 0);
  const most = Math.max(0.1, ...lots.map(share));
  const step = (width - left) / Math.max(lots.length, 12);
  const y = (value) => top + (1 - value / most) * (height - top - bottom);
  const refused = (lot) => ["held", "recalled"].includes(lot.status);
  return s("svg", { viewBox: `0 0 ${width} ${height}`, class: "chart", role: "img", "aria-label": `Share of rejected among the reviewed photos of ${lots.length} lots; ${lots.filter(refused).length} lots refused` },
    [0, most / 2, most].map((v) => [s("line", { x1: left, x2: width, y1: y(v), y2: y(v), class: "grid" }), s("text", { x: left - 5, y: y(v) + 3.5, class: "tick end" }, percent(v))]),
    lots.map((lot, i) => s("rect", { x: left + i * step + step * 0.15, width: Math.min(26, step * 0.7), y: Math.min(y(share(lot)), y(0) - 1.5), height: Math.max(1.5, y(0) - y(share(lot))), class: refused(lot) ? "bad" : lot.status === "review" ? "open" : "good" },
      s("title", {}, `${lot.lot}: ${lot.defects} rejected of ${lot.decided} reviewed (sample ${lot.sample_size}, ${lot.acceptance_number} allowed), ${lot.status}`))),
    s("text", { x: left, y: height - 3, class: "tick" }, "older"), s("text", { x: width, y: height - 3, class: "tick end" }, "latest"));
}
