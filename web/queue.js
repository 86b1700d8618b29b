// The order of work: the tasks that match the filters, read page by page, with what was decided taken out.

import * as api from "./api.js";

export const FIELDS = ["segment", "drop", "lot", "why", "check", "owner", "state"];

let filters = {};
let lines = [];
let cursor = "";
let begun = false;
let generation = 0;
const decided = new Set();

/** Starts the queue again with these filters. */
export function restart(wanted = filters) {
  generation++;
  filters = wanted;
  lines = [];
  cursor = "";
  begun = false;
}

export const wanted = () => filters;
export const known = () => lines.filter((line) => ["decided", "superseded"].includes(filters.state) || !decided.has(line.task.task_id));
export const hasMore = () => !begun || cursor !== "";

/** Reads one more page. */
export async function more() {
  const asked = generation;
  const page = await api.tasks({ ...filters, cursor, limit: 50 });
  if (asked !== generation) return known(); // the filters changed while this page was on its way
  begun = true;
  cursor = page.cursor;
  const seen = new Set(lines.map((line) => line.task.task_id));
  lines.push(...page.tasks.filter((line) => !seen.has(line.task.task_id)));
  return known();
}

/** The next task after this one that is free, else the first free one; null when nothing waits. */
export async function after(id) {
  for (;;) {
    const place = lines.findIndex((line) => line.task.task_id === id);
    const free = (line) => line.free && line.task.task_id !== id && !decided.has(line.task.task_id);
    const found = lines.slice(place + 1).find(free);
    if (found) return found.task.task_id;
    if (hasMore()) await more();
    else return lines.find(free)?.task.task_id ?? null;
  }
}

/** The task before this one in the order, decided or not. */
export function before(id) {
  const place = lines.findIndex((line) => line.task.task_id === id);
  return lines[place - 1]?.task.task_id ?? null;
}

/** Somebody else has this task: it is not free any more. */
export function taken(id) {
  for (const line of lines) if (line.task.task_id === id) line.free = false;
}

/** A lot was refused: its other tasks need no decision any more. */
export function refused(drop, lot) {
  for (const line of lines) if (line.task.drop === drop && line.task.lot === lot) line.free = false;
}

export const done = (id) => decided.add(id);
export const again = (id) => decided.delete(id);
