// A worker that decodes, scales and reads pictures beside the page: neither a key nor a frame waits for it.

const MOST_OVERLAY = 2400; // px; overlays of larger photos are made from a reduced matte
const CONTOUR = [0, 220, 255, 255];

/** A picture in at most that many pixels' width (0: all of it), and its own size. */
async function decode(blob, width) {
  const whole = await createImageBitmap(blob);
  const natural = [whole.width, whole.height];
  if (!width || width >= whole.width) return { bitmap: whole, natural };
  const height = Math.max(1, Math.round((whole.height * width) / whole.width));
  const bitmap = await createImageBitmap(whole, { resizeWidth: width, resizeHeight: height, resizeQuality: "high" });
  whole.close();
  return { bitmap, natural };
}

/** A grey shadow layer as black of that density. */
async function black(blob, width) {
  const { bitmap, natural } = await decode(blob, width);
  const [pen, pixels] = read(bitmap);
  const { data } = pixels;
  for (let i = 0; i < data.length; i += 4) {
    data[i + 3] = data[i];
    data[i] = data[i + 1] = data[i + 2] = 0;
  }
  pen.putImageData(pixels, 0, 0);
  return { bitmap: pen.canvas.transferToImageBitmap(), natural };
}

/** What is outside of the product in red, and the matte's contour: for looking closely, and for `width` px. */
async function marks(blob, width) {
  const whole = await createImageBitmap(blob);
  const scale = Math.min(1, MOST_OVERLAY / Math.max(whole.width, whole.height));
  const close = Math.round(whole.width * scale);
  whole.close();
  const { tint, edge } = await overlay(blob, close, 1);
  return { tint, edge, outline: width < close ? (await overlay(blob, width, 2)).edge : null };
}

/** Both overlays that wide; the contour is one pixel thick, or two. */
async function overlay(blob, wide, thick) {
  const { bitmap } = await decode(blob, wide);
  const [, { data }] = read(bitmap);
  const { width, height } = bitmap;
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
      const right = x + 1 < width && data[i + 4] > 127 !== inside;
      const below = y + 1 < height && data[i + 4 * width] > 127 !== inside;
      if (right || below) line.data.set(CONTOUR, i);
      if (right && thick > 1) line.data.set(CONTOUR, i + 4);
      if (below && thick > 1) line.data.set(CONTOUR, i + 4 * width);
    }
  }
  return { tint: await createImageBitmap(red), edge: await createImageBitmap(line) };
}

function read(bitmap) {
  const pen = new OffscreenCanvas(bitmap.width, bitmap.height).getContext("2d", { willReadFrequently: true });
  pen.drawImage(bitmap, 0, 0);
  return [pen, pen.getImageData(0, 0, bitmap.width, bitmap.height)];
}

const WORK = { decode, black, marks };

self.onmessage = async ({ data: { number, what, blob, width } }) => {
  try {
    const made = await WORK[what](blob, width);
    self.postMessage({ number, made }, Object.values(made).filter((value) => value instanceof ImageBitmap));
  } catch (problem) {
    self.postMessage({ number, problem: `The picture cannot be read: ${problem.message}` });
  }
};
