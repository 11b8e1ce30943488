/* Mouse, pen and fingers on the film: drag is window/level or pan, wheel and pinch zoom. */

const LINES = 1;
const LINE_PIXELS = 16;
const PIXELS_A_STEP = 100;

/** Hand a canvas's pointers to a viewer; `pans()` says whether a plain drag pans. */
export function followPointers(canvas, viewer, pans) {
  const down = new Map();

  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    down.set(event.pointerId, place(event));
    if (event.button === 1) event.preventDefault(); // no automatic scrolling
  });
  for (const end of ["pointerup", "pointercancel"]) {
    canvas.addEventListener(end, (event) => down.delete(event.pointerId));
  }
  canvas.addEventListener("pointermove", (event) => {
    const before = down.get(event.pointerId);
    if (!before) return;
    const now = place(event);
    const others = [...down].filter(([id]) => id !== event.pointerId).map(([, at]) => at);
    down.set(event.pointerId, now);
    const [x, y] = [now.x - before.x, now.y - before.y];
    if (others.length) {
      const growth = distance(now, others[0]) / Math.max(distance(before, others[0]), 1);
      viewer.zoom(Math.log(growth) / Math.log(1.25), now);
      viewer.pan(x / 2, y / 2);
    } else if (pans() || event.buttons === 4 || event.shiftKey) viewer.pan(x, y);
    else viewer.dragLevel(x / devicePixelRatio, y / devicePixelRatio);
  });
  canvas.addEventListener(
    "wheel",
    (event) => {
      if (event.ctrlKey) return; // the browser's own zoom
      event.preventDefault();
      const pixels = event.deltaY * (event.deltaMode === LINES ? LINE_PIXELS : 1);
      viewer.zoom(-pixels / PIXELS_A_STEP, place(event));
    },
    { passive: false },
  );

  /** Canvas pixels from the canvas's middle. */
  function place(event) {
    const box = canvas.getBoundingClientRect();
    return {
      x: (event.clientX - box.left - box.width / 2) * devicePixelRatio,
      y: (event.clientY - box.top - box.height / 2) * devicePixelRatio,
    };
  }
}

function distance(one, other) {
  return Math.hypot(one.x - other.x, one.y - other.y);
}
