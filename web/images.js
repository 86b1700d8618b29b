// The pictures of a task. A worker decodes them: at the screen's size ahead of time, at full size when somebody looks
// closely. What is drawn is always a bitmap that is ready, never a file that is still to be decoded.

import * as api from "./api.js";

const KEPT = 6;

const loaded = new Map();
const asked = new Map();
let decoder = null;
let count = 0;

/** Asks the decoder for `what` it makes of a file (decoder.js); throws when the file is no picture. */
function decode(what, blob, width = 0) {
  decoder ??= start();
  const number = ++count;
  return new Promise((resolve, reject) => {
    asked.set(number, { resolve, reject });
    decoder.postMessage({ number, what, blob, width });
  });
}

function start() {
  const worker = new Worker("decoder.js");
  worker.onmessage = ({ data: { number, made, problem } }) => {
    const { resolve, reject } = asked.get(number);
    asked.delete(number);
    if (problem) reject(new Error(problem));
    else resolve(made);
  };
  worker.onerror = () => {
    for (const { reject } of asked.values()) reject(new Error("Pictures cannot be decoded. Load the page again."));
    asked.clear();
    decoder = null;
  };
  return worker;
}

async function file(address) {
  const answer = await fetch(address).catch(() => null);
  if (!answer?.ok) throw new Error(answer ? `A picture cannot be loaded (${answer.status}).` : "A picture cannot be loaded. Is there a connection?");
  return answer.blob();
}

/** One task's pictures and what is known of it. `source` and `result` are layers to draw, the lowest first. */
export class Sheet {
  constructor(detail) {
    this.detail = detail;
    this.files = detail.files;
    this.width = detail.photo.width;
    this.height = detail.photo.height;
    this.screen = null; // {width, source, result} as wide as the screen shows the photo
    this.full = null; // {source, result} in all their pixels
  }

  /** Loads the files of the first look. */
  async open() {
    const files = this.files;
    this.blobs = await Promise.all([files.source, files["preview.webp"] ?? files["master.png"], files["shadow.png"]].map((address) => address && file(address)));
    if (!this.width) [this.width, this.height] = (await decode("decode", this.blobs[0], 1)).natural;
    return this;
  }

  /** Makes the bitmaps for a photo that is drawn `width` px wide; the last width that was asked for stays. */
  async prepare(width) {
    if (this.wanted === width) return this.preparing;
    this.wanted = width;
    this.preparing = (async () => {
      const [source, result] = await this.layers(this.blobs, width);
      if (this.wanted !== width) return;
      this.screen = { width, ...bitmaps({ source, result }) };
    })();
    this.preparing.catch(() => (this.wanted = null));
    return this.preparing;
  }

  /** Loads the photo and the master at full size, once. */
  whole() {
    this.growing ??= (async () => {
      const shown = this.files["master.png"] && this.files["preview.webp"] ? file(this.files["master.png"]).catch(() => this.afresh("master.png")) : this.blobs[1];
      const [source, result] = await this.layers([this.blobs[0], await shown, this.blobs[2]], 0);
      this.full = bitmaps({ source, result });
    })();
    this.growing.catch(() => (this.growing = null));
    return this.growing;
  }

  /** A file by a new address: the old one ends while somebody looks on. */
  async afresh(name) {
    this.files = (await api.task(this.detail.view.task.task_id)).files;
    return file(this.files[name]);
  }

  /** Frees the full size: nobody looks closely any more. */
  rest() {
    this.full = this.growing = null;
  }

  /** The layers of `what` ("source", "result") for a photo drawn that wide; none before `prepare` is done. */
  drawn(what, width) {
    return (this.full && this.blurs(width) ? this.full : this.screen)?.[what] ?? [];
  }

  /** Whether a photo drawn that wide would show more than the bitmaps made for the screen hold. */
  blurs(width) {
    return !this.screen || width > this.screen.width * 1.05;
  }

  layers([source, result, shadow], width) {
    return Promise.all([
      Promise.all([decode("decode", source, width)]),
      Promise.all([...(shadow ? [decode("black", shadow, width)] : []), decode("decode", result, width)]),
    ]);
  }

  /** {tint, edge, outline}: what is outside of the product in red, the matte's contour, and that for the screen's size. Null when there is no matte. */
  overlays() {
    this.marks ??= (async () => {
      if (!this.files["matte.png"]) return null;
      return decode("marks", await file(this.files["matte.png"]).catch(() => this.afresh("matte.png")), this.screen.width);
    })();
    this.marks.catch(() => (this.marks = null));
    return this.marks;
  }
}

const bitmaps = ({ source, result }) => ({ source: source.map(({ bitmap }) => bitmap), result: result.map(({ bitmap }) => bitmap) });

/** A task's sheet, from memory if it was asked for before. */
export function sheet(id) {
  if (!loaded.has(id)) {
    const opened = api.task(id).then((detail) => new Sheet(detail).open());
    loaded.set(id, opened);
    opened.catch(() => loaded.delete(id));
    while (loaded.size > KEPT) loaded.delete(loaded.keys().next().value);
  }
  return loaded.get(id);
}

/** Forget a task's sheet: its pictures or their addresses are no longer right. */
export const stale = (id) => loaded.delete(id);
