// The pictures of a task: screen size first, full size when somebody looks closely, the next photo ahead of time.

import * as api from "./api.js";

const KEPT = 6;
const MOST_OVERLAY = 2400; // px; overlays of larger photos are made from a reduced matte

const loaded = new Map();

/** A decoded picture. Pixels can be read if the bucket lets this page; else it can still be shown. */
async function picture(address) {
  const attempt = async (open) => {
    const image = new Image();
    if (open) image.crossOrigin = "anonymous";
    image.decoding = "async";
    image.src = address;
    await image.decode();
    return image;
  };
  try {
    return await attempt(true);
  } catch {
    return attempt(false);
  }
}

/** One task's pictures and what is known of it. */
export class Sheet {
  constructor(detail) {
    this.detail = detail;
    this.files = detail.files;
    this.width = detail.photo.width;
    this.height = detail.photo.height;
    this.source = null;
    this.result = [];
    this.isFull = false;
  }

  /** Loads what the first look needs. */
  async open() {
    const files = this.files;
    const [source, result, shadow] = await Promise.all([
      picture(files.source),
      picture(files["preview.webp"] ?? files["master.png"]),
      files["shadow.png"] ? picture(files["shadow.png"]) : null,
    ]);
    this.source = source;
    this.result = [...(shadow ? [black(shadow)] : []), result];
    if (!this.width) [this.width, this.height] = [source.naturalWidth, source.naturalHeight];
    this.isFull = source.naturalWidth >= this.width && result.naturalWidth >= this.width;
    return this;
  }

  /** Loads the photo and the master at full size, once. */
  full() {
    this.whole ??= (async () => {
      const files = this.files;
      const [source, master, shadow] = await Promise.all([
        picture(files.source),
        files["master.png"] ? picture(files["master.png"]) : null,
        files["shadow.png"] ? picture(files["shadow.png"]) : null,
      ]);
      this.source = source;
      if (master) this.result = [...(shadow ? [black(shadow)] : []), master];
      this.isFull = true;
    })();
    return this.whole;
  }

  /** {tint, edge}: what is outside of the product in red, and the matte's contour. Null when unreadable. */
  overlays() {
    this.marks ??= (async () => {
      if (!this.files["matte.png"]) return null;
      const matte = await picture(this.files["matte.png"]);
      const scale = Math.min(1, MOST_OVERLAY / Math.max(matte.naturalWidth, matte.naturalHeight));
      const canvas = new OffscreenCanvas(Math.round(matte.naturalWidth * scale), Math.round(matte.naturalHeight * scale));
      const pen = canvas.getContext("2d", { willReadFrequently: true });
      pen.drawImage(matte, 0, 0, canvas.width, canvas.height);
      return marks(pen.getImageData(0, 0, canvas.width, canvas.height));
    })().catch(() => null);
    return this.marks;
  }
}

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

/** A grey shadow layer as black of that density. */
function black(shadow) {
  const scale = Math.min(1, 1600 / Math.max(shadow.naturalWidth, shadow.naturalHeight));
  const canvas = new OffscreenCanvas(Math.round(shadow.naturalWidth * scale), Math.round(shadow.naturalHeight * scale));
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  pen.drawImage(shadow, 0, 0, canvas.width, canvas.height);
  try {
    const pixels = pen.getImageData(0, 0, canvas.width, canvas.height);
    for (let i = 0; i < pixels.data.length; i += 4) {
      pixels.data[i + 3] = pixels.data[i];
      pixels.data[i] = pixels.data[i + 1] = pixels.data[i + 2] = 0;
    }
    pen.putImageData(pixels, 0, 0);
  } catch {
    pen.clearRect(0, 0, canvas.width, canvas.height); // unreadable: better no shadow than a grey block
  }
  return canvas;
}

function marks({ data, width, height }) {
  const tint = new OffscreenCanvas(width, height);
  const edge = new OffscreenCanvas(width, height);
  const red = new ImageData(width, height);
  const line = new ImageData(width, height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const i = 4 * (y * width + x);
      const inside = data[i] > 127;
      red.data[i] = 226;
      red.data[i + 1] = 24;
      red.data[i + 2] = 84;
      red.data[i + 3] = (255 - data[i]) * 0.6;
      const right = x + 1 < width && data[i + 4] > 127;
      const below = y + 1 < height && data[i + 4 * width] > 127;
      if ((x + 1 < width && inside !== right) || (y + 1 < height && inside !== below)) {
        line.data.set([0, 220, 255, 255], i);
      }
    }
  }
  tint.getContext("2d").putImageData(red, 0, 0);
  edge.getContext("2d").putImageData(line, 0, 0);
  return { tint, edge };
}
