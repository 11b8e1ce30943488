/* An occlusion map over a film, as a figure with its largest change in words: what a score depends on,
 * not a localisation. */

import { firstWindow, lookUp, rendered } from "./window_level.js";

const SIDE = 280;
const MARGIN = 6 / 64; // the outermost patches (16 of the model's 64 cells, in steps of 4) lie inside it
const FALLS = [255, 140, 0];
const RISES = [60, 140, 255];

/** A figure of a film (of `film.js`) and {model, version, grid}: rows of score changes. */
export function heatFigure(film, { model, version, grid }) {
  const figure = document.createElement("figure");
  const canvas = document.createElement("canvas");
  canvas.width = SIDE;
  canvas.height = Math.round((SIDE * film.height) / film.width);
  const context = canvas.getContext("2d");
  context.drawImage(pictureOf(film), 0, 0, canvas.width, canvas.height);
  const [x, y] = [canvas.width * MARGIN, canvas.height * MARGIN];
  context.drawImage(colours(grid), x, y, canvas.width - 2 * x, canvas.height - 2 * y);
  const caption = document.createElement("figcaption");
  caption.textContent = `${model.split(".").at(-1)} ${version}: ${largest(grid)}`;
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", caption.textContent);
  figure.append(canvas, caption);
  return figure;
}

function pictureOf(film) {
  const picture = new OffscreenCanvas(film.width, film.height);
  const greys = lookUp(firstWindow(film), film, film.inverted);
  picture.getContext("2d").putImageData(rendered(film, greys), 0, 0);
  return picture;
}

function colours(grid) {
  const image = new ImageData(grid[0].length, grid.length);
  const most = Math.max(...grid.flat().map(Math.abs), Number.EPSILON);
  grid.flat().forEach((change, at) => {
    const alpha = (160 * Math.abs(change)) / most;
    image.data.set([...(change > 0 ? FALLS : RISES), alpha], 4 * at);
  });
  const canvas = new OffscreenCanvas(image.width, image.height);
  canvas.getContext("2d").putImageData(image, 0, 0);
  return canvas;
}

function largest(grid) {
  const all = grid.flat();
  const at = all.reduce((best, one, here) => (Math.abs(one) > Math.abs(all[best]) ? here : best), 0);
  const [row, column] = [Math.floor(at / grid[0].length), at % grid[0].length];
  const third = (place, length, words) => words[Math.min(Math.floor((3 * place) / length), 2)];
  const where = [
    third(row, grid.length, ["upper", "middle", "lower"]),
    third(column, grid[0].length, ["left", "centre", "right"]),
  ].join(" ");
  return `${all[at] >= 0 ? "falls" : "rises"} most by ${Math.abs(all[at]).toFixed(3)}, ${where}`;
}
