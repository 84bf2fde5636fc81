// The image in the whole window: wheel, pinch, drag and keys; the picture itself is scaled, so that
// every pixel of the file can be seen.
(() => {
  "use strict";
  const { element } = SkinQuiz;
  const MOST = 12;
  const STEP = 1.25;
  const PAN_PX = 80;

  SkinQuiz.openZoom = (place, { source, label, say }) => {
    const image = element("img", { src: source, alt: label, draggable: "false" });
    const close = element("button", { type: "button", autofocus: "" }, say("quiz.zoom.close"));
    const hint = element("p", {}, say("quiz.zoom.hint"));
    const view = element("dialog", { class: "sq-zoom", "aria-label": label }, image, hint, close);
    const fingers = new Map();
    let scale = 1, x = 0, y = 0, isMoved = false;

    function draw() {
      const limit = (size, window_) => Math.max(0, (size * scale - window_) / 2);
      const w = limit(image.offsetWidth, innerWidth), h = limit(image.offsetHeight, innerHeight);
      x = Math.min(w, Math.max(-w, x));
      y = Math.min(h, Math.max(-h, y));
      image.style.transform = `translate(${x}px, ${y}px) scale(${scale})`;
      view.dataset.scale = scale.toFixed(2);
    }

    // Whatever lies under the pointer stays there.
    function zoom(factor, px = innerWidth / 2, py = innerHeight / 2) {
      const wanted = Math.min(MOST, Math.max(1, scale * factor));
      const grown = wanted / scale;
      x = (x - (px - innerWidth / 2)) * grown + (px - innerWidth / 2);
      y = (y - (py - innerHeight / 2)) * grown + (py - innerHeight / 2);
      scale = wanted;
      draw();
    }

    function pinch(event) {
      const [a, b] = [...fingers.values()];
      const other = fingers.get(event.pointerId) === a ? b : a;
      const before = fingers.get(event.pointerId);
      const distance = (p) => Math.hypot(p.clientX - other.clientX, p.clientY - other.clientY);
      const middle = [(event.clientX + other.clientX) / 2, (event.clientY + other.clientY) / 2];
      zoom(distance(event) / Math.max(1, distance(before)), ...middle);
    }

    view.addEventListener("wheel", (event) => {
      event.preventDefault();
      zoom(event.deltaY < 0 ? STEP : 1 / STEP, event.clientX, event.clientY);
    }, { passive: false });
    image.addEventListener("pointerdown", (event) => {
      image.setPointerCapture(event.pointerId);
      fingers.set(event.pointerId, event);
      isMoved = false;
    });
    image.addEventListener("pointermove", (event) => {
      const before = fingers.get(event.pointerId);
      if (!before) return;
      if (fingers.size === 2) pinch(event);
      else {
        x += event.clientX - before.clientX;
        y += event.clientY - before.clientY;
        draw();
      }
      isMoved ||= Math.hypot(event.clientX - before.clientX, event.clientY - before.clientY) > 2;
      fingers.set(event.pointerId, event);
    });
    for (const end of ["pointerup", "pointercancel"]) {
      image.addEventListener(end, (event) => fingers.delete(event.pointerId));
    }
    image.addEventListener("click", (event) => {
      if (!isMoved) scale > 1 ? zoom(1 / scale) : zoom(3, event.clientX, event.clientY);
    });
    const keys = {
      "+": () => zoom(STEP), "=": () => zoom(STEP), "-": () => zoom(1 / STEP), 0: () => zoom(1 / scale),
      ArrowLeft: () => (x += PAN_PX), ArrowRight: () => (x -= PAN_PX),
      ArrowUp: () => (y += PAN_PX), ArrowDown: () => (y -= PAN_PX),
      z: () => view.close(),
    };
    view.addEventListener("keydown", (event) => {
      if (!keys[event.key]) return;
      event.preventDefault();
      keys[event.key]();
      draw();
    });
    close.addEventListener("click", () => view.close());
    view.addEventListener("close", () => view.remove());
    place.append(view);
    view.showModal();
  };
})();
