// The map of features: draws known cases on a canvas, tells what lies under the pointer.
(() => {
  "use strict";
  // Okabe and Ito 2008, told apart by colour-blind people; seven colours and five shapes give
  // each of up to 35 classes a pair of its own.
  const COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#7F7F7F"];
  const SHAPES = [
    (c, r) => c.arc(0, 0, r, 0, 2 * Math.PI),
    (c, r) => c.rect(-r * 0.9, -r * 0.9, r * 1.8, r * 1.8),
    (c, r) => polygon(c, 3, r * 1.3, -Math.PI / 2),
    (c, r) => polygon(c, 4, r * 1.25, 0),
    (c, r) => polygon(c, 3, r * 1.3, Math.PI / 2),
  ];
  const GRID = 4096;
  const held = new Map();

  function polygon(c, n, r, start) {
    for (let i = 0; i < n; i++) {
      const angle = start + (2 * Math.PI * i) / n;
      c.lineTo(r * Math.cos(angle), r * Math.sin(angle));
    }
    c.closePath();
  }

  function star(c, x, y, r) {
    c.beginPath();
    for (let i = 0; i < 10; i++) {
      const angle = -Math.PI / 2 + (Math.PI * i) / 5;
      const reach = i % 2 ? r * 0.45 : r;
      c.lineTo(x + reach * Math.cos(angle), y + reach * Math.sin(angle));
    }
    c.closePath();
    c.fillStyle = "#fff";
    c.strokeStyle = "#000";
    c.lineWidth = 2.5;
    c.fill();
    c.stroke();
  }

  // A class's mark as a picture: copying it is several times faster than drawing its outline.
  function stamp(label, r, scaling) {
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = Math.ceil(3 * r * scaling);
    const c = canvas.getContext("2d");
    c.translate(canvas.width / 2, canvas.height / 2);
    c.scale(scaling, scaling);
    c.fillStyle = COLOURS[label % COLOURS.length];
    c.beginPath();
    SHAPES[label % SHAPES.length](c, r);
    c.fill();
    return canvas;
  }

  function fetched(url) {
    if (!held.has(url)) held.set(url, fetch(url).then((answer) => answer.json()));
    return held.get(url);
  }

  class Atlas {
    constructor(element, data) {
      this.element = element;
      this.data = data;
      this.canvas = element.querySelector("canvas");
      this.tip = element.querySelector(".sr-atlas-tip");
      this.spot = (element.dataset.spot || "").split(",").map(Number);
      this.isPlaced = this.spot.length === 2;
      this.only = -1;
      this.view = this.whole();
      this.legend();
      this.listen();
      new ResizeObserver(() => requestAnimationFrame(() => this.draw())).observe(this.canvas);
    }

    // The square of the grid that is shown: centre and half side; the picture's place is inside.
    whole() {
      const xs = [0, this.most("x"), ...(this.isPlaced ? [this.spot[0]] : [])];
      const ys = [0, this.most("y"), ...(this.isPlaced ? [this.spot[1]] : [])];
      const [left, right, top, bottom] = [
        Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys),
      ];
      const half = (Math.max(right - left, bottom - top) / 2) * 1.06 || GRID;
      return { x: (left + right) / 2, y: (top + bottom) / 2, half };
    }

    most(axis) {
      return this.data[axis].reduce((a, b) => Math.max(a, b), 0);
    }

    place(x, y) {
      const { width, height } = this.canvas.getBoundingClientRect();
      const scale = Math.min(width, height) / (2 * this.view.half);
      return [width / 2 + (x - this.view.x) * scale, height / 2 + (y - this.view.y) * scale];
    }

    draw() {
      const box = this.canvas.getBoundingClientRect();
      if (!box.width) return;
      const scaling = window.devicePixelRatio || 1;
      this.canvas.width = box.width * scaling;
      this.canvas.height = box.height * scaling;
      const c = this.canvas.getContext("2d");
      const { x, y, labels } = this.data;
      const r = labels.length > 3000 ? 2.2 : 3.6;
      const stamps = this.data.names.map((_, label) => stamp(label, r, scaling));
      const middle = stamps[0].width / 2;
      const scale = (Math.min(box.width, box.height) / (2 * this.view.half)) * scaling;
      const left = this.canvas.width / 2 - this.view.x * scale - middle;
      const top = this.canvas.height / 2 - this.view.y * scale - middle;
      for (const isLit of [false, true]) {
        for (let i = 0; i < labels.length; i++) {
          if ((this.only < 0 || this.only === labels[i]) !== isLit) continue;
          c.globalAlpha = isLit ? 0.85 : 0.12;
          c.drawImage(stamps[labels[i]], left + x[i] * scale, top + y[i] * scale);
        }
      }
      c.globalAlpha = 1;
      c.setTransform(scaling, 0, 0, scaling, 0, 0);
      if (this.isPlaced) star(c, ...this.place(...this.spot), 12);
      this.element.dataset.drawn = String(labels.length);
    }

    legend() {
      const counts = new Map();
      for (const label of this.data.labels) counts.set(label, (counts.get(label) || 0) + 1);
      const list = this.element.querySelector(".sr-atlas-legend");
      list.replaceChildren(
        ...[...counts.keys()].sort((a, b) => a - b).map((label) => {
          const button = document.createElement("button");
          button.type = "button";
          button.setAttribute("aria-pressed", "false");
          button.append(stamp(label, 5, 2), `${this.data.names[label]} · ${counts.get(label)}`);
          button.addEventListener("click", () => this.highlight(label, list, button));
          return button;
        })
      );
    }

    highlight(label, list, button) {
      this.only = this.only === label ? -1 : label;
      for (const other of list.children) other.setAttribute("aria-pressed", "false");
      if (this.only >= 0) button.setAttribute("aria-pressed", "true");
      this.draw();
    }

    listen() {
      this.canvas.addEventListener("pointermove", (event) =>
        event.buttons && event.pointerType === "mouse" ? this.drag(event) : this.tell(event)
      );
      this.canvas.addEventListener("pointerdown", (event) => this.tell(event));
      this.canvas.addEventListener("pointerleave", () => (this.tip.hidden = true));
      this.element.querySelectorAll("[data-zoom]").forEach((button) =>
        button.addEventListener("click", () => this.zoom(button.dataset.zoom))
      );
    }

    zoom(way) {
      const most = this.whole();
      if (way === "in") {
        if (this.view.half === most.half && this.isPlaced) [this.view.x, this.view.y] = this.spot;
        this.view.half = Math.max(this.view.half / 1.6, 40);
      } else if (this.view.half * 1.6 >= most.half) this.view = most;
      else this.view.half *= 1.6;
      this.draw();
    }

    drag(event) {
      const { width, height } = this.canvas.getBoundingClientRect();
      const step = (2 * this.view.half) / Math.min(width, height);
      this.view.x -= event.movementX * step;
      this.view.y -= event.movementY * step;
      this.tip.hidden = true;
      this.draw();
    }

    under(px, py) {
      let [best, least] = [-1, 14 ** 2];
      for (let i = 0; i < this.data.labels.length; i++) {
        const [x, y] = this.place(this.data.x[i], this.data.y[i]);
        const far = (x - px) ** 2 + (y - py) ** 2;
        if (far < least) [best, least] = [i, far];
      }
      return best;
    }

    tell(event) {
      const box = this.canvas.getBoundingClientRect();
      const [px, py] = [event.clientX - box.left, event.clientY - box.top];
      const found = this.under(px, py);
      this.tip.hidden = found < 0;
      if (found < 0) return;
      this.tip.replaceChildren(...this.picture(found), this.data.names[this.data.labels[found]]);
      this.tip.style.left = `${Math.min(px + 14, box.width - 150)}px`;
      this.tip.style.top = `${Math.max(py - 60, 4)}px`;
    }

    // The sprite is fetched the first time that something is pointed at.
    picture(number) {
      if (!this.element.dataset.sprite) return [];
      const { tile, labels } = this.data;
      const columns = Math.ceil(Math.sqrt(labels.length));
      const image = document.createElement("i");
      image.className = "sr-thumb";
      image.style.background = `url(${this.element.dataset.sprite}) -${(number % columns) * tile}px -${
        Math.floor(number / columns) * tile
      }px`;
      return [image];
    }
  }

  async function start(element) {
    element.dataset.ready = "";
    const data = await fetched(element.dataset.points);
    if (element.isConnected) new Atlas(element, data);
  }

  // Gradio puts a new section in the place of the old one after every picture.
  const look = () =>
    document.querySelectorAll(".sr-atlas[data-points]:not([data-ready])").forEach(start);
  new MutationObserver(look).observe(document.documentElement, { childList: true, subtree: true });
  look();
})();
