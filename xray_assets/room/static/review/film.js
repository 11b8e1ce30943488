/* A film's grey values at full depth: 8 bit by the browser's own decoder, 16 bit PNG by `png16.js`,
 * because a canvas keeps 8 bits and would throw the rest away before a window could use it. */

import { decodePng16, isPng16 } from "./png16.js";

/** {width, height, values, maximum, ...display}. `display`: type, bits, and how the film is shown at
 * first (low, high, curve, inverted). Throws for bytes that no decoder takes. */
export async function decodeFilm(bytes, display) {
  const film = isPng16(bytes) ? await decodePng16(bytes) : await decode8(bytes, display.type);
  return { ...display, ...film, maximum: 2 ** display.bits - 1 };
}

async function decode8(bytes, type) {
  const bitmap = await createImageBitmap(new Blob([bytes], { type }), {
    colorSpaceConversion: "none",
    premultiplyAlpha: "none",
  });
  const { width, height } = bitmap;
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  const { data } = context.getImageData(0, 0, width, height);
  const values = new Uint8Array(width * height);
  for (let pixel = 0, at = 0; pixel < values.length; pixel += 1, at += 4) {
    values[pixel] = (data[at] * 19595 + data[at + 1] * 38470 + data[at + 2] * 7471 + 0x8000) >> 16;
  }
  return { width, height, values };
}
