// Which tasks are ours. Claims and releases of one task go out one after another, so that none overtakes the other:
// a release that arrives after the next claim would give away what the reviewer looks at.

import * as api from "./api.js";
import * as queue from "./queue.js";

const LEAST = 120; // s that a lease must still run for a task to be decided on it without another claim
const last = new Map();

function turn(id, ask) {
  const asked = (last.get(id) ?? Promise.resolve()).then(ask, ask);
  last.set(id, asked);
  const clear = () => last.get(id) === asked && last.delete(id);
  asked.then(clear, clear);
  return asked;
}

/** Takes a task, or prolongs its lease. Throws a Problem when somebody else holds it. */
export const claim = (id) => turn(id, () => api.claim(id));

/** Puts a task back. What cannot be put back goes back by itself when its lease runs out. */
export const release = (id) => turn(id, () => api.release(id)).catch(() => {});

/** The task that comes next, claimed while the reviewer looks at the one before. */
export class Ahead {
  constructor() {
    this.forget();
  }

  /** Finds and claims what follows that task. Resolves to its id; to null when nothing free follows. */
  follow(id) {
    this.drop();
    const coming = (this.coming = this.find(id, this.round));
    coming.catch(() => this.coming === coming && this.forget());
    return coming;
  }

  async find(before, round) {
    for (;;) {
      const id = await queue.after(before);
      if (round !== this.round || !id) return null;
      try {
        const view = await claim(id);
        if (round !== this.round) {
          release(id);
          return null;
        }
        Object.assign(this, { id, view });
      } catch (problem) {
        if (![404, 409, 410].includes(problem.status)) throw problem;
        queue.taken(id); // a colleague was first, or it is no longer needed: the one after it then
        continue;
      }
      return id;
    }
  }

  /** The claimed view of this task if it is the one ahead, which is then no longer ahead; else null. */
  take(id) {
    if (this.id !== id || this.view.task.lease_until - Date.now() / 1000 < LEAST) return null;
    const { view } = this;
    this.forget();
    return view;
  }

  /** Prolongs the lease. */
  async renew() {
    const { id, round } = this;
    if (!id) return;
    const view = await claim(id).catch(() => null);
    if (round !== this.round) return;
    if (view) this.view = view;
    else this.forget();
  }

  /** Puts the task ahead back, if there is one. */
  drop() {
    if (this.id) release(this.id);
    this.forget();
  }

  forget() {
    this.id = this.view = this.coming = null;
    this.round = (this.round ?? 0) + 1;
  }
}
