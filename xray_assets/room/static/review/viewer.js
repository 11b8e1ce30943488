/* The film on a canvas: window/level, zoom, pan, invert, fit, 1:1. It knows nothing of reads.
 *
 * Our own canvas: no kept library fits (docs/reading.md has the five that were looked at). Cornerstone3D
 * needs vtk.js, WebGL2 and a bundler; cornerstone-core is superseded and leaves decoding, mouse and keys
 * to us; OpenSeadragon has no window/level; dwv is GPL; Papaya needs eval. */

import { firstWindow, lookUp, moved, rendered } from "./window_level.js";

const MOST = 4; // 400 %
const STEP = 1.25;
const DRAG_PIXELS = 400; // a drag of so many pixels moves the window by its whole width

export class Viewer extends EventTarget {
  #canvas;
  #context;
  #film = null;
  #picture = null;
  #view = { scale: 1, x: 0, y: 0 }; // x, y: the film's middle, in canvas pixels off the canvas's
  #window = null;
  #inverted = false;
  #stale = false;
  #waiting = false;
  #fitted = true;

  constructor(canvas) {
    super();
    this.#canvas = canvas;
    this.#context = canvas.getContext("2d", { alpha: false });
    new ResizeObserver(() => this.#resize()).observe(canvas);
  }

  /** Show a film of `film.js` as it came; null: none. */
  show(film) {
    this.#film = film;
    this.#picture = film && new OffscreenCanvas(film.width, film.height);
    this.reset();
  }

  reset() {
    this.#inverted = false;
    this.#window = this.#film && firstWindow(this.#film);
    this.#stale = true;
    this.fit();
  }

  fit() {
    this.#look({ scale: this.#fitting(), x: 0, y: 0 });
  }

  actual() {
    this.#look({ ...this.#view, scale: 1 });
  }

  zoom(steps, at = { x: 0, y: 0 }) {
    const lowest = Math.min(this.#fitting(), 1);
    const wanted = this.#view.scale * STEP ** steps;
    const scale = Math.min(Math.max(wanted, lowest), Math.max(MOST, this.#fitting()));
    const growth = scale / this.#view.scale;
    const [x, y] = [at.x - (at.x - this.#view.x) * growth, at.y - (at.y - this.#view.y) * growth];
    this.#look({ scale, x, y });
  }

  pan(x, y) {
    this.#look({ ...this.#view, x: this.#view.x + x, y: this.#view.y + y });
  }

  invert() {
    this.#inverted = !this.#inverted;
    this.#stale = true;
    this.#redraw();
  }

  /** Move the window: `brighter` (on the screen, a negative too) and `harder` are shares of the
   * film's first one. */
  level({ brighter = 0, harder = 0 }) {
    if (!this.#film) return;
    const change = { brighter: this.#isNegative() ? -brighter : brighter, harder };
    this.#window = moved(this.#window, change, firstWindow(this.#film), this.#film.maximum);
    this.#stale = true;
    this.#redraw();
  }

  /** A drag: up is brighter, to the left is more contrast. */
  dragLevel(x, y) {
    this.level({ brighter: -y / DRAG_PIXELS, harder: -x / DRAG_PIXELS });
  }

  get film() {
    return this.#film;
  }

  get state() {
    return { scale: this.#view.scale, window: this.#window, inverted: this.#inverted };
  }

  #isNegative() {
    return this.#inverted !== this.#film.inverted;
  }

  #fitting() {
    if (!this.#film) return 1;
    const { width, height } = this.#canvas;
    return Math.min(width / this.#film.width, height / this.#film.height, MOST);
  }

  #resize() {
    const ratio = devicePixelRatio;
    this.#canvas.width = Math.round(this.#canvas.clientWidth * ratio);
    this.#canvas.height = Math.round(this.#canvas.clientHeight * ratio);
    if (this.#fitted) this.fit();
    this.#paint(); // at once: a new size has emptied the canvas
  }

  #look(view) {
    const { scale } = view;
    const x = within(view.x, this.#canvas.width, (this.#film?.width ?? 0) * scale);
    const y = within(view.y, this.#canvas.height, (this.#film?.height ?? 0) * scale);
    this.#fitted = scale === this.#fitting() && !x && !y;
    this.#view = { scale, x, y };
    this.#redraw();
  }

  #redraw() {
    if (this.#waiting) return;
    this.#waiting = true;
    requestAnimationFrame(() => {
      this.#waiting = false;
      this.#paint();
      this.dispatchEvent(new Event("change"));
    });
  }

  #paint() {
    const { width, height } = this.#canvas;
    this.#context.clearRect(0, 0, width, height);
    if (!this.#film) return;
    if (this.#stale) {
      const greys = lookUp(this.#window, this.#film, this.#isNegative());
      this.#picture.getContext("2d").putImageData(rendered(this.#film, greys), 0, 0);
      this.#stale = false;
    }
    const { scale, x, y } = this.#view;
    const [across, down] = [this.#film.width * scale, this.#film.height * scale];
    this.#context.imageSmoothingQuality = "high";
    this.#context.drawImage(
      this.#picture,
      Math.round((width - across) / 2 + x),
      Math.round((height - down) / 2 + y),
      Math.round(across),
      Math.round(down),
    );
  }
}

/** A shift that leaves at least a quarter of the canvas covered. */
function within(shift, canvas, film) {
  const most = Math.max((film - canvas) / 2, 0) + canvas / 4;
  return Math.min(Math.max(shift, -most), most);
}
