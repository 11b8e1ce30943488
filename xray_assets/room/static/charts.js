/* Draws the charts of a page: Vega-Lite specifications in <script type="application/json">, each
 * named by the data-chart of its place.
 *
 * Vega comes once the page is painted. Its expressions are interpreted, so that no policy has to
 * allow eval. Colours follow the page, light or dark. A chart that cannot be drawn says so.
 */
"use strict";

const vendor = document.currentScript.dataset.vendor;
const LIBRARIES = ["vega.min.js", "vega-interpreter.min.js", "vega-lite.min.js"];

function load(name) {
  return new Promise((loaded, failed) => {
    const script = document.createElement("script");
    script.src = `${vendor}/${name}`;
    script.onload = loaded;
    script.onerror = () => failed(new Error(`${name} did not load`));
    document.head.append(script);
  });
}

function colours(place) {
  const style = getComputedStyle(place);
  const ink = style.color;
  const line = style.borderTopColor;
  const guide = { labelColor: ink, titleColor: ink, domainColor: line, tickColor: line };
  return {
    background: null,
    font: style.fontFamily,
    title: { color: ink },
    axis: { ...guide, gridColor: line, gridOpacity: 0.4 },
    legend: guide,
    text: { color: ink },
  };
}

async function draw(place) {
  const specification = JSON.parse(document.getElementById(place.dataset.chart).textContent);
  const config = { ...specification.config, ...colours(place) };
  const compiled = vegaLite.compile({ ...specification, config }).spec;
  const runtime = vega.parse(compiled, null, { ast: true });
  const options = { renderer: "svg", expr: vega.expressionInterpreter, hover: false };
  await new vega.View(runtime, { ...options, logLevel: vega.Error, container: place }).runAsync();
  place.querySelector("svg").setAttribute("aria-hidden", "true"); // the place is labelled
  place.dataset.drawn = "true";
}

async function drawAll(places) {
  for (const name of LIBRARIES) await load(name);
  for (const place of places) {
    try {
      await draw(place);
    } catch (error) {
      place.textContent = `This chart could not be drawn: ${error.message}`;
    }
  }
}

const places = document.querySelectorAll("[data-chart]");
if (places.length) {
  requestAnimationFrame(() =>
    setTimeout(() =>
      drawAll(places).catch((error) => {
        for (const place of places) place.textContent = `No chart: ${error.message}`;
      }),
    ),
  );
}
