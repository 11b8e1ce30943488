/* A grey PNG of 16 bits a pixel as Uint16Array: https://www.w3.org/TR/png-3/, filters of section 9.
 * Inflating is the browser's (DecompressionStream). Interlaced files and other kinds are not here. */

const SIGNATURE = 8;
const HEADER_END = 33;
const BYTES = 2;

/** True for a PNG whose header says: 16 bits, grey, not interlaced. */
export function isPng16(bytes) {
  const head = new Uint8Array(bytes, 0, Math.min(HEADER_END, bytes.byteLength));
  const isPng = [0x89, 0x50, 0x4e, 0x47].every((byte, at) => head[at] === byte);
  return isPng && head[24] === 16 && head[25] === 0 && head[28] === 0;
}

/** {width, height, values} of such a file. Throws for one that is cut short. */
export async function decodePng16(bytes) {
  const view = new DataView(bytes);
  const [width, height] = [view.getUint32(16), view.getUint32(20)];
  const rows = await inflated(pixelData(bytes, view));
  const stride = width * BYTES;
  if (rows.length !== (stride + 1) * height) throw new RangeError("the film is cut short");
  const values = new Uint16Array(width * height);
  let above = new Uint8Array(stride);
  for (let row = 0; row < height; row += 1) {
    const start = row * (stride + 1);
    const line = rows.subarray(start + 1, start + 1 + stride);
    unfilter(rows[start], line, above);
    for (let column = 0; column < width; column += 1) {
      values[row * width + column] = (line[2 * column] << 8) | line[2 * column + 1];
    }
    above = line;
  }
  return { width, height, values };
}

function pixelData(bytes, view) {
  const parts = [];
  for (let at = SIGNATURE; at + 12 <= bytes.byteLength; at += 12 + view.getUint32(at)) {
    const kind = String.fromCharCode(...new Uint8Array(bytes, at + 4, 4));
    if (kind === "IDAT") parts.push(new Uint8Array(bytes, at + 8, view.getUint32(at)));
  }
  return new Blob(parts);
}

async function inflated(blob) {
  const stream = blob.stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** Undo one row's filter in place. */
function unfilter(filter, line, above) {
  for (let at = 0; at < line.length; at += 1) {
    const left = at < BYTES ? 0 : line[at - BYTES];
    const up = above[at];
    if (filter === 1) line[at] += left;
    else if (filter === 2) line[at] += up;
    else if (filter === 3) line[at] += (left + up) >> 1;
    else if (filter === 4) line[at] += paeth(left, up, at < BYTES ? 0 : above[at - BYTES]);
  }
}

function paeth(left, up, corner) {
  const guess = left + up - corner;
  const [a, b, c] = [Math.abs(guess - left), Math.abs(guess - up), Math.abs(guess - corner)];
  if (a <= b && a <= c) return left;
  return b <= c ? up : corner;
}
