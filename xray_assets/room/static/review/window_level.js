/* From a film's values to what is shown. Pure.
 *
 * A window is {center, width} in the film's own values: by a line, center - width / 2 is black and
 * center + width / 2 is white (LINEAR_EXACT of DICOM PS3.3 C.11.2.1.3.2); a film that asks for SIGMOID
 * (C.11.2.1.3.1) keeps its curve. A negative (MONOCHROME1) is turned once, here, after the window,
 * together with the reader's own inverting. */

const NARROWEST = 1;

/** The window that a film is first shown with. */
export function firstWindow({ low, high }) {
  return { center: (low + high) / 2, width: Math.max(high - low, NARROWEST) };
}

/** A window moved by shares of the first one; never empty, never off the film's values. */
export function moved(window, { brighter = 0, harder = 0 }, first, maximum) {
  const center = window.center - brighter * first.width;
  const width = window.width * Math.exp(-2 * harder);
  return {
    center: Math.min(Math.max(center, 0), maximum),
    width: Math.min(Math.max(width, NARROWEST), 2 * maximum),
  };
}

/** Grey 0..255 of each value 0..maximum. */
export function lookUp({ center, width }, { maximum, curve }, inverted) {
  const shown = new Uint8ClampedArray(maximum + 1);
  for (let value = 0; value <= maximum; value += 1) {
    const place = (value - center) / width;
    const share = curve === "sigmoid" ? 1 / (1 + Math.exp(-4 * place)) : place + 0.5;
    shown[value] = 255 * (inverted ? 1 - share : share);
  }
  return shown;
}

/** Opaque pixels of a film as canvas ImageData. */
export function rendered({ width, height, values }, greys) {
  const image = new ImageData(width, height);
  const pixels = new Uint32Array(image.data.buffer);
  const opaque = Uint32Array.from(greys, (grey) => (0xff000000 | (grey * 0x010101)) >>> 0);
  for (let at = 0; at < values.length; at += 1) pixels[at] = opaque[values[at]];
  return image;
}
