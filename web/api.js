// The review API: one function a request, and one error for whatever goes wrong.

import * as session from "./session.js";

/** What the API refused or why it could not be reached. `status` 0: no connection. */
export class Problem extends Error {
  constructor(status, title, detail) {
    super(detail || title);
    Object.assign(this, { status, title, detail });
  }
}

let onLost = () => {};
let onFound = () => {};
let onStranger = () => {};

/** Tell me when the connection goes and comes back, and when the session is over. */
export function watch(handlers) {
  ({ onLost, onFound, onStranger } = handlers);
}

async function send(method, path, { query = {}, body = undefined, signal = undefined } = {}) {
  const search = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== "" && value != null));
  const address = `${session.apiBase()}/v1/${path}${search.size ? `?${search}` : ""}`;
  let answer;
  try {
    const headers = { Authorization: `Bearer ${await session.token()}` };
    if (body !== undefined) headers["Content-Type"] = "application/json";
    answer = await fetch(address, { method, headers, signal, body: body === undefined ? undefined : JSON.stringify(body) });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    onLost();
    throw new Problem(0, "No connection", "The desk cannot be reached. Nothing was changed.");
  }
  onFound();
  if (answer.ok) return answer;
  if (answer.status === 401) onStranger();
  const said = await answer.json().catch(() => ({}));
  throw new Problem(answer.status, said.title ?? `Error ${answer.status}`, said.detail ?? said.message ?? "");
}

const json = async (...request) => (await send(...request)).json();
const part = encodeURIComponent;

export const me = () => json("GET", "me");
export const reasons = async () => (await json("GET", "reasons")).reasons;
export const metrics = () => json("GET", "metrics");

export const tasks = (query) => json("GET", "tasks", { query });
export const task = (id) => json("GET", `tasks/${part(id)}`);
export const claim = (id) => json("POST", `tasks/${part(id)}/claim`);
export const release = (id) => json("POST", `tasks/${part(id)}/release`);
export const undo = (id) => json("POST", `tasks/${part(id)}/undo`);
export const decide = (id, body) => json("POST", `tasks/${part(id)}/decision`, { body });
export const override = (id, version, body) => json("PUT", `tasks/${part(id)}/override`, { query: { version }, body });
export const render = (id, version) => json("POST", `tasks/${part(id)}/render`, { query: { version } });
export const preview = async (id, side, body, signal) =>
  (await send("POST", `tasks/${part(id)}/preview`, { query: { side }, body, signal })).blob();

export const lot = (drop, id) => json("GET", `lots/${part(drop)}/${part(id)}`);
export const drops = (cursor = "") => json("GET", "drops", { query: { cursor } });
export const drop = (id) => json("GET", `drops/${part(id)}`);
export const audit = (id) => json("GET", `drops/${part(id)}/audit`);
export const photos = (id, query) => json("GET", `drops/${part(id)}/photos`, { query });
export const rejected = async (id) => (await send("GET", `drops/${part(id)}/rejected.csv`)).blob();
export const retry = (id, photo) => json("POST", `drops/${part(id)}/photos/${part(photo)}/retry`);

export const complain = (complaints) => json("POST", "complaints", { body: { complaints } });
export const planUpload = (body) => json("POST", "uploads", { body });
export const completeUpload = (body) => json("POST", "uploads/complete", { body });
