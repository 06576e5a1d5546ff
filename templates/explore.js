/* What can be done with the numbers behind the figures: a convolution step by step, neurons at a place, the images behind a
   cell or a point. The numbers travel in the page; what is computed from them here is what the report computed. */
const dom = (() => {
  "use strict";

  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const targetOf = (link) => document.getElementById(link.getAttribute("href").slice(1));

  // An element of a class, or with any attributes.
  function make(tag, look = {}, ...children) {
    const node = document.createElement(tag);
    const attributes = typeof look === "string" ? { class: look } : look;
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    node.append(...children);
    return node;
  }

  function makeButton(words, attributes, action) {
    const button = make("button", { type: "button", ...attributes }, words);
    button.addEventListener("click", action);
    return button;
  }

  const isShown = (node) => node.getClientRects().length > 0 && !node.disabled;
  const KEYS = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };

  /* Many things, one tab stop: the arrow keys lead from one to the next, Home and End to the ends. A report has hundreds of
     numbers, and nobody tabs through them. */
  function rove(box, selector, upright = true) {
    let current = null;
    function settle(node) {
      if (current) current.tabIndex = -1;
      current = node;
      if (node) node.tabIndex = 0;
    }
    function refresh() {
      const nodes = all(selector, box);
      for (const node of nodes) node.tabIndex = -1;
      settle(nodes.includes(current) && isShown(current) ? current : nodes.find(isShown) || nodes[0] || null);
    }
    box.addEventListener("focusin", (event) => {
      const node = event.target.closest(selector);
      if (node && box.contains(node)) settle(node);
    });
    box.addEventListener("keydown", (event) => {
      const step = KEYS[event.key];
      const ends = { Home: 0, End: -1 };
      const among = event.target.matches(selector);
      if (!among || event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey) return;
      if (!(event.key in ends) && (!step || (!upright && /Up|Down/.test(event.key)))) return;
      const nodes = all(selector, box).filter(isShown);
      const next = step ? nodes[nodes.indexOf(event.target) + step] : nodes.at(ends[event.key]);
      event.preventDefault();
      if (next) next.focus();
    });
    refresh();
    return refresh;
  }

  // A stop for the keyboard as long as it is needed, with the marks of one. Whoever is on it may first leave: without its
  // stop they would be thrown back to the beginning of the page.
  function setStop(node, isNeeded, marks = {}) {
    const needed = isNeeded();
    if (!needed && node === document.activeElement) {
      node.addEventListener("blur", () => setStop(node, isNeeded, marks), { once: true });
      return;
    }
    for (const [attribute, value] of Object.entries({ tabindex: "0", ...marks })) {
      if (needed) node.setAttribute(attribute, value);
      else node.removeAttribute(attribute);
    }
  }

  // Half-open spans, of a picture of so many rows and columns.
  function setBox(element, [top, bottom], [left, right], rows, cols = rows) {
    Object.assign(element.style, {
      top: `${(100 * top) / rows}%`,
      left: `${(100 * left) / cols}%`,
      height: `${(100 * (bottom - top)) / rows}%`,
      width: `${(100 * (right - left)) / cols}%`,
    });
  }

  const setCell = (element, row, col, rows, cols) => setBox(element, [row, row + 1], [col, col + 1], rows, cols);

  // For what is announced while the pointer or the arrow keys move and the focus stays.
  const voice = make("p", { class: "off screen-only", role: "status" });
  const say = (words) => {
    voice.textContent = words;
  };

  return { all, targetOf, make, makeButton, rove, setStop, setBox, setCell, voice, say };
})();

const explore = (() => {
  "use strict";

  const { textOf } = sorting;
  const { all, make, makeButton, rove, setBox, setCell, say } = dom;

  /* Numbers and pictures from their data: addresses. */

  const json = (box, name) => JSON.parse(box.dataset[name]);
  const integers = (text) => text.split(" ").map(Number);

  function readNumbers(address) {
    const bytes = Uint8Array.from(atob(address.slice(address.indexOf(",") + 1)), (sign) => sign.charCodeAt(0));
    return new Float32Array(bytes.buffer);
  }

  async function openPicture(address) {
    const image = new Image();
    image.src = address;
    await image.decode();
    return image;
  }

  async function readPixels(address) {
    const image = await openPicture(address);
    const canvas = make("canvas", { width: image.naturalWidth, height: image.naturalHeight });
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context.drawImage(image, 0, 0);
    return context.getImageData(0, 0, canvas.width, canvas.height);
  }

  // Images one below the other, each as high as wide; of a grey one only the first channel is wanted.
  // What two parts need is in the page once: the second has the name of the figure that carries it.
  async function readInputs({ dataset: { inputs } }, count, depth) {
    const { data, width, height } = await readPixels(
      inputs.startsWith("data:") ? inputs : all(`[data-carries=${inputs}]`)[0].dataset.inputs);
    const rows = height / count;
    return Array.from({ length: count }, (_, at) => {
      const values = new Float32Array(rows * width * depth);
      const start = at * rows * width;
      for (let pixel = 0; pixel < rows * width; pixel++) {
        for (let c = 0; c < depth; c++) values[pixel * depth + c] = data[4 * (start + pixel) + c] / 255;
      }
      return { values, rows, cols: width, depth };
    });
  }

  /* Colours: those of the figures, at nine of their steps. */

  const GREY = [[0, 0, 0], [255, 255, 255]];
  const CIVIDIS = [[0, 34, 77], [26, 56, 111], [67, 78, 107], [97, 100, 111], [124, 123, 120], [154, 147, 118], [186, 172, 108],
    [220, 200, 88], [253, 231, 55]];
  const BLUE_RED = [[5, 48, 97], [29, 94, 162], [71, 150, 196], [150, 199, 223], [247, 247, 247], [246, 177, 145], [220, 110, 88],
    [181, 30, 46], [103, 0, 31]];

  function colour(table, share) {
    const place = Math.min(Math.max(share, 0), 1) * (table.length - 1);
    const low = Math.min(Math.floor(place), table.length - 2);
    return table[low].map((value, c) => Math.round(value + (place - low) * (table[low + 1][c] - value)));
  }

  // Values by row from `low` to `high`; of three channels each is its own colour.
  function paint(canvas, { values, rows, cols, depth = 1 }, low, high, table = GREY) {
    if (canvas.width !== cols) canvas.width = cols;
    if (canvas.height !== rows) canvas.height = rows;
    const steps = Array.from({ length: 256 }, (_, at) => colour(table, at / 255));
    const level = (value) => (high > low ? Math.round((255 * (Math.min(Math.max(value, low), high) - low)) / (high - low)) : 0);
    const context = canvas.getContext("2d");
    const image = context.createImageData(cols, rows);
    for (let at = 0; at < rows * cols; at++) {
      const shown = depth === 3 ? [0, 1, 2].map((c) => level(values[3 * at + c])) : steps[level(values[at])];
      image.data.set(shown, 4 * at);
      image.data[4 * at + 3] = 255;
    }
    context.putImageData(image, 0, 0);
  }

  const plain = (value, digits) => value.toFixed(digits).replace("-", "−").replace(/^−(0\.0+)$/, "$1");
  // Of what no ReLU lets below zero; three digits, as the figures have them.
  const brief = (value) => (value && value < 999.5 ? value.toPrecision(3) : plain(value, 0));

  /* The arithmetic of a layer. Weights are (F, F, channels in, filters) in this order. */

  const weightAt = ({ weights, size, depth, count }, i, j, c, k) => weights[((i * size + j) * depth + c) * count + k];

  // What the filter k multiplies for the output at (row, col), channel by channel; outside the image there are zeros.
  function multiply(input, kernel, k, row, col) {
    const terms = [];
    for (let c = 0; c < kernel.depth; c++) {
      for (let i = 0; i < kernel.size; i++) {
        for (let j = 0; j < kernel.size; j++) {
          const y = row * kernel.stride - kernel.padding + i;
          const x = col * kernel.stride - kernel.padding + j;
          const inside = y >= 0 && y < input.rows && x >= 0 && x < input.cols;
          const pixel = inside ? input.values[(y * input.cols + x) * input.depth + c] : 0;
          const weight = weightAt(kernel, i, j, c, k);
          terms.push({ pixel, weight, product: pixel * weight });
        }
      }
    }
    return terms;
  }

  const sumOf = (terms) => terms.reduce((sum, term) => sum + term.product, 0);
  const sizeOf = (side, { size, stride, padding }) => Math.floor((side - size + 2 * padding) / stride) + 1;

  // A whole map. The inner loop runs along a row, which is what makes 64 maps of 32 channels a matter of seconds.
  function convolve(input, kernel, k) {
    const rows = sizeOf(input.rows, kernel);
    const cols = sizeOf(input.cols, kernel);
    const values = new Float32Array(rows * cols);
    const { stride, padding, size, depth } = kernel;
    for (let c = 0; c < depth; c++) {
      for (let i = 0; i < size; i++) {
        for (let j = 0; j < size; j++) {
          const weight = weightAt(kernel, i, j, c, k);
          for (let row = 0; row < rows; row++) {
            const y = row * stride - padding + i;
            if (y < 0 || y >= input.rows) continue;
            for (let col = 0, out = row * cols; col < cols; col++, out++) {
              const x = col * stride - padding + j;
              if (x >= 0 && x < input.cols) values[out] += weight * input.values[(y * input.cols + x) * input.depth + c];
            }
          }
        }
      }
    }
    return { values, rows, cols };
  }

  function rectify(map) {
    for (let at = 0; at < map.values.length; at++) if (map.values[at] < 0) map.values[at] = 0;
    return map;
  }

  function rangeOf({ values }) {
    let [low, high, sum, peak] = [Infinity, -Infinity, 0, 0];
    for (let at = 0; at < values.length; at++) {
      if (values[at] > high) [high, peak] = [values[at], at];
      if (values[at] < low) low = values[at];
      sum += values[at];
    }
    return { low, high, peak, mean: sum / values.length };
  }

  /* What all of these have in common. */

  // A picture on which a place is chosen, with the pointer or with the arrow keys.
  function makeSurface(name, { at, step, choose = () => {}, leave = () => {} }) {
    const surface = make("div", { class: "surface screen-only", role: "application", tabindex: "0", "aria-label": name });
    const place = (event) => {
      const box = surface.getBoundingClientRect();
      at((event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height);
    };
    surface.addEventListener("pointermove", place);
    surface.addEventListener("pointerdown", place);
    surface.addEventListener("pointerleave", leave);
    surface.addEventListener("click", () => choose());
    surface.addEventListener("focus", () => surface.matches(":focus-visible") && step(0, 0));
    surface.addEventListener("blur", leave);
    surface.addEventListener("keydown", (event) => {
      const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
      const far = event.shiftKey ? 10 : 1;
      if (event.ctrlKey || event.altKey || event.metaKey) return;
      if (event.key in moves) {
        // Past its end whoever has several of its kind leads on.
        if (step(...moves[event.key].map((way) => way * far)) === false) return;
      } else if (event.key === "Enter" || event.key === " ") choose();
      else return;
      event.preventDefault();
    });
    return surface;
  }

  function makeSelect(name, options, change) {
    const select = make("select", {}, ...options.map((words, value) => make("option", { value }, words)));
    select.addEventListener("input", () => change());
    return [select, make("label", {}, make("span", {}, name), select)];
  }

  const clamp = (value, below) => Math.min(Math.max(value, 0), below - 1);

  // Decoding begins shortly before the reader arrives: the page opens no later for it.
  function whenNear(box, action) {
    const watcher = new IntersectionObserver((entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      watcher.disconnect();
      action();
    }, { rootMargin: "800px" });
    watcher.observe(box);
  }

  const rest = () => new Promise((resume) => setTimeout(resume));

  function introduce(title, words) {
    return make("p", "lead", make("b", {}, title), ` ${words}`);
  }

  /* A convolution, one window after the other. */

  const CHANNELS = ["red", "green", "blue"];

  // The products of a larger window have no room; their sum is printed all the same.
  const MOST_WRITTEN = 5;

  function makeEquation(kernel, rectified) {
    const rows = Array.from({ length: kernel.size > MOST_WRITTEN ? 0 : kernel.depth }, (_, c) => {
      const grids = ["pixels", "weights", "products"].map((kind) => {
        const cells = Array.from({ length: kernel.size ** 2 }, () => make("span", "cell"));
        const grid = make("span", `nine ${kind}`, ...cells);
        grid.style.gridTemplateColumns = `repeat(${kernel.size}, 1fr)`;
        return { grid, cells };
      });
      const [pixels, weights, products] = grids.map(({ grid }) => grid);
      const title = kernel.depth > 1 ? [make("span", "which", CHANNELS[c])] : [];
      return { line: make("div", kernel.size > 3 ? "terms large" : "terms", ...title, pixels, "×", weights, "=", products), cells: grids.map((each) => each.cells) };
    });
    const sum = make("data", "sum");
    const output = make("data", "output");
    const result = make("p", "result", "Sum ", sum, ...(rectified ? [", after ReLU ", output] : []));
    const box = make("div", { class: "equation", "aria-hidden": "true" }, ...rows.map(({ line }) => line), result);
    function tint(cell, value, limit, table) {
      const [red, green, blue] = colour(table, limit ? value / limit / 2 + 0.5 : 0.5);
      cell.style.backgroundColor = `#${[red, green, blue].map((level) => level.toString(16).padStart(2, "0")).join("")}`;
      // The ink of the higher contrast, by WCAG's luminance.
      const [r, g, b] = [red, green, blue].map((level) => (level / 255) ** 2.2);
      cell.style.color = 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.18 ? "var(--darkest)" : "var(--lightest)";
      cell.textContent = plain(value, 2);
    }
    function show(terms, limit) {
      const each = kernel.size ** 2;
      rows.forEach(({ cells: [pixels, weights, products] }, c) => terms.slice(c * each, (c + 1) * each).forEach((term, at) => {
        tint(pixels[at], 2 * term.pixel - 1, 1, GREY);
        pixels[at].textContent = plain(term.pixel, 2);
        tint(weights[at], term.weight, limit, BLUE_RED);
        tint(products[at], term.product, limit, BLUE_RED);
      }));
      const total = sumOf(terms);
      for (const [node, value] of [[sum, total], [output, Math.max(total, 0)]]) {
        node.value = value;
        node.textContent = plain(value, 4);
      }
      return rectified ? `sum ${plain(total, 4)}, after ReLU ${plain(Math.max(total, 0), 4)}` : `sum ${plain(total, 4)}`;
    }
    return { box, show };
  }

  // Input and map beside each other, the window's arithmetic below; `load` gives the input, the filter and its map.
  function makeStepper(kernel, shape, rectified) {
    const [rows, cols] = shape.map((side) => sizeOf(side, kernel));
    let [row, col, now] = [0, 0, null];
    const [input, output] = shape.map(() => make("canvas", { width: cols, height: rows, "aria-hidden": "true" }));
    const [frame, spot] = ["window", "spot"].map((kind) => make("span", kind));
    const equation = makeEquation(kernel, rectified);
    const told = make("p", "quiet");
    const surface = makeSurface("The input: move the window of the filter over it", {
      at: (x, y) => move(under(y * shape[0]), under(x * shape[1])),
      step: (dx, dy) => {
        const sum = move(row + dy, col + dx);
        say(`Row ${row}, column ${col}: ${sum}`);
      },
    });
    // The window with the pixel nearest to its middle.
    const under = (place) => Math.round((Math.floor(place) - Math.floor(kernel.size / 2) + kernel.padding) / kernel.stride);
    surface.append(input, frame);
    function move(toRow, toCol) {
      [row, col] = [clamp(toRow, rows), clamp(toCol, cols)];
      const top = row * kernel.stride - kernel.padding;
      const left = col * kernel.stride - kernel.padding;
      setBox(frame, [top, top + kernel.size], [left, left + kernel.size], ...shape);
      setCell(spot, row, col, rows, cols);
      Object.assign(surface.dataset, { row, col });
      told.textContent = `Row ${row}, column ${col} of the map`;
      return now ? equation.show(multiply(now.picture, kernel, now.k, row, col), now.limit) : "";
    }
    function show(picture, k, map, table) {
      const range = rangeOf(map);
      const limit = Math.max(Math.abs(range.low), Math.abs(range.high));
      const first = !now;
      now = { picture, k, limit: Math.max(...Array.from({ length: kernel.size ** 2 * kernel.depth }, (_, at) =>
        Math.abs(kernel.weights[at * kernel.count + k]))) };
      paint(input, picture, 0, 1);
      paint(output, map, rectified ? 0 : -limit, limit, table);
      // Begin where the filter answers most.
      if (first) move(Math.floor(range.peak / cols), range.peak % cols);
      else move(row, col);
    }
    const pane = (words, ...content) => make("div", "pane", make("p", "quiet", words), ...content);
    const box = make("div", "stepper", pane("Input", surface),
      pane("Feature map", make("div", "surface flat", output, spot)), equation.box, told);
    return { box, show };
  }

  async function exploreConvolution(box) {
    const filter = json(box, "filter");
    const classes = json(box, "classes");
    const [stride, padding] = integers(box.dataset.step);
    const weights = filter.flat(2);
    const size = filter.length;
    const kernel = { weights, size, depth: weights.length / size ** 2, count: 1, stride, padding };
    const stepper = makeStepper(kernel, integers(box.dataset.shape), false);
    let inputs = null;
    const [choice, label] = makeSelect("Image", classes, show);
    function show() {
      if (!inputs) return;
      const picture = inputs[choice.selectedIndex];
      stepper.show(picture, 0, convolve(picture, kernel, 0), GREY);
    }
    box.append(introduce("One window at a time.", `Move over the input, or go there and use the arrow keys (with Shift ten pixels at a time). The ${
      size} × ${size} pixels under the window are multiplied by the weights of the filter; their sum is one value of the map.${padding ? " Around the image there are zeros." : ""}`),
      make("div", "choices", label), stepper.box);
    whenNear(box, async () => {
      const read = await readInputs(box, classes.length, kernel.depth);
      // Browsers that guard against fingerprinting hand out changed pixels: then rather nothing than wrong sums.
      const means = json(box, "sums");
      const exact = read.every((input, at) => {
        const known = means[`image_${at}`];
        return !known || Math.abs(rangeOf(input).mean - known.mean) < 1e-5;
      });
      if (!exact) {
        const held = box.contains(document.activeElement);
        const words = make("p", { class: "quiet", tabindex: "-1" }, "This browser does not hand out the pixels of the images as they are, so nothing is computed from them here.");
        box.replaceChildren(words);
        if (held) words.focus({ preventScroll: true });
        return;
      }
      inputs = read;
      show();
      box.dataset.ready = "";
    });
  }

  /* Two layers: the same with a choice of filters, and all maps of both. */

  const ORDERS = ["number", "maximum", "mean"];

  function exploreStack(box) {
    const layers = json(box, "layers");
    const classes = json(box, "classes");
    const shown = Number(box.dataset.shown);
    const kernels = layers.map(({ kernel_shape: [size, , depth, count], stride, padding }, n) =>
      ({ weights: readNumbers(box.getAttribute(`data-kernel-${n + 1}`)), size, depth, count, stride, padding }));
    const stepper = makeStepper(kernels[0], layers[0].input_shape, true);
    let inputs = null;
    let maps = [];
    const [choice, chooseImage] = makeSelect("Image", classes, () => load());
    const [filter, chooseFilter] = makeSelect("Filter", layers[0].kernel_shape.slice(3).flatMap((count) =>
      Array.from({ length: count }, (_, k) => String(k + 1))), () => show());
    const galleries = kernels.map((kernel, n) => makeGallery(`Layer ${n + 1}`, kernel, shown, n ? null : (k) => {
      filter.selectedIndex = k;
      show();
    }));
    const [order, chooseOrder] = makeSelect("Order of the maps", ORDERS, () => galleries.forEach((each) => each.sort(ORDERS[order.selectedIndex])));
    function show() {
      if (!maps.length) return;
      const k = filter.selectedIndex;
      stepper.show(inputs[choice.selectedIndex], k, maps[k], CIVIDIS);
      galleries[0].mark(k);
    }
    let turn = 0;
    async function load() {
      if (!inputs) return;
      const mine = ++turn;
      const picture = inputs[choice.selectedIndex];
      maps = Array.from({ length: kernels[0].count }, (_, k) => rectify(convolve(picture, kernels[0], k)));
      maps.forEach((map, k) => galleries[0].put(k, map));
      galleries[0].sort(ORDERS[order.selectedIndex]);
      show();
      box.dataset.ready = "";
      const [{ rows, cols }] = maps;
      // Channels last, as weights have them.
      const values = new Float32Array(rows * cols * maps.length);
      maps.forEach((map, c) => map.values.forEach((value, at) => { values[at * maps.length + c] = value; }));
      const stacked = { values, rows, cols, depth: maps.length };
      galleries[1].fill(async (k) => {
        await rest();
        return mine === turn ? rectify(convolve(stacked, kernels[1], k)) : null;
      });
    }
    box.append(introduce("Both layers, map by map.", "Move over the input to see how one value of the first layer comes about; a map chosen below shows its filter here."),
      make("div", "choices", chooseImage, chooseFilter, chooseOrder), stepper.box, ...galleries.map(({ box: each }) => each));
    whenNear(box, async () => {
      inputs = await readInputs(box, classes.length, kernels[0].depth);
      load();
    });
  }

  // A filter as a tile of its slices, blue negative, red positive.
  function drawFilter(canvas, kernel, k) {
    const across = kernel.depth > 4 ? Math.ceil(Math.sqrt(2 * kernel.depth)) : kernel.depth;
    const down = Math.ceil(kernel.depth / across);
    const [rows, cols] = [down, across].map((count) => count * (kernel.size + 1) - 1);
    const values = new Float32Array(rows * cols);
    let limit = 0;
    for (let c = 0; c < kernel.depth; c++) {
      for (let at = 0; at < kernel.size ** 2; at++) {
        const [i, j] = [Math.floor(at / kernel.size), at % kernel.size];
        const weight = weightAt(kernel, i, j, c, k);
        values[(Math.floor(c / across) * (kernel.size + 1) + i) * cols + (c % across) * (kernel.size + 1) + j] = weight;
        limit = Math.max(limit, Math.abs(weight));
      }
    }
    paint(canvas, { values, rows, cols }, -limit, limit, BLUE_RED);
  }

  // The maps of a layer with their filters: those of the figures, and on demand all.
  function makeGallery(title, kernel, shown, choose) {
    const tiles = Array.from({ length: kernel.count }, (_, k) => {
      const map = make("canvas", { class: "map", width: 2, height: 2 });
      const weights = make("canvas", { class: "weights", width: 2, height: 2 });
      const words = make("span", "words");
      const name = `Map ${k + 1}`;
      const inner = [map, make("span", "below", weights, make("b", {}, String(k + 1)), words)];
      const tile = choose ? makeButton("", { class: "bare tile", "aria-pressed": "false" }, () => choose(k)) : make("span", "tile");
      tile.append(...inner);
      return { k, item: make("li", {}, tile), tile, map, weights, words, name, maximum: 0, mean: 0 };
    });
    let wanted = null;
    let open = shown >= kernel.count;
    const list = make("ul", "gallery", ...tiles.map(({ item }) => item));
    const more = makeButton(`Show all ${kernel.count}`, { class: "more", "aria-expanded": "false" }, () => setOpen(!open));
    let refresh = () => {};
    function setOpen(opened) {
      open = opened;
      more.setAttribute("aria-expanded", String(open));
      more.textContent = open ? `Show ${shown} only` : `Show all ${kernel.count}`;
      for (const { item, k } of tiles) item.hidden = !open && k >= shown;
      refresh();
      if (wanted) fill(wanted);
    }
    function put(k, map) {
      const tile = tiles[k];
      const range = rangeOf(map);
      Object.assign(tile, { maximum: range.high, mean: range.mean });
      paint(tile.map, map, 0, range.high, CIVIDIS);
      drawFilter(tile.weights, kernel, k);
      tile.words.textContent = range.high ? `max ${brief(range.high)}, mean ${brief(range.mean)}` : "silent";
      tile.item.dataset.filled = "";
    }
    // Sooner or later the wanted ones are there; another image makes the rest of this one superfluous.
    async function fill(compute) {
      if (wanted !== compute) for (const { item } of tiles) delete item.dataset.filled;
      wanted = compute;
      for (const { k, item } of tiles) {
        if (item.hidden || "filled" in item.dataset) continue;
        const map = await compute(k);
        if (!map || wanted !== compute) return;
        put(k, map);
      }
      sort(by);
    }
    let by = "number";
    function sort(order) {
      by = order;
      const sorted = order === "number" ? tiles : [...tiles].sort((a, b) => b[order] - a[order] || a.k - b.k);
      // A reader may be on one of the maps when they have been computed; moving it would take the focus away.
      const focused = document.activeElement;
      list.append(...sorted.map(({ item }) => item));
      if (list.contains(focused)) focused.focus({ preventScroll: true });
      refresh();
    }
    const mark = (chosen) => tiles.forEach(({ tile, k }) => tile.setAttribute("aria-pressed", String(k === chosen)));
    const box = make("div", { class: "layer-maps", role: "group", "aria-label": `Maps of ${title.toLowerCase()}` },
      make("p", {}, make("b", {}, title), ` ${kernel.count} filters of ${kernel.size} × ${kernel.size} × ${kernel.depth}; each map from zero to its own maximum.`),
      list, ...(open ? [] : [more]));
    if (choose) refresh = rove(box, ".tile, .more");
    setOpen(open);
    return { box, put, fill, sort, mark };
  }

  /* Neurons: what is strongest at a place, and where else a channel is strong. */

  const LISTED = 6;

  function exploreNeurons(box) {
    const carriers = all("[data-label]", box);
    const labels = carriers.map((each) => each.dataset.label);
    const [rows, cols, channels] = integers(box.dataset.shape);
    const geometry = json(box, "geometry");
    const side = 224;
    // As the report has it: what is listed counts, else the rule does, clipped to the image.
    const spanOf = (place, listed) => {
      const start = place * geometry.stride - geometry.padding;
      return listed ? listed[place] : [Math.max(0, start), Math.min(side, start + geometry.size)];
    };
    const state = { image: 0, row: 0, col: 0, channel: 0 };
    let layers = [];
    const valueOf = (image, row, col, channel) => (layers[image].levels[4 * ((row * cols + col) * channels + channel)] / 255) * layers[image].largest;
    const picture = make("img", { alt: "", width: side, height: side });
    const [field, cell] = ["frame field", "cell-mark"].map((kind) => make("span", kind));
    const surface = makeSurface(`The image, in ${rows} × ${cols} places of the layer`, {
      at: (x, y) => move(Math.floor(y * rows), Math.floor(x * cols)),
      step: (dx, dy) => say(move(state.row + dy, state.col + dx)),
      choose: () => layers.length && choose(strongest()[0]),
    });
    surface.classList.add("grid");
    surface.style.setProperty("--rows", rows);
    surface.style.setProperty("--cols", cols);
    surface.append(picture, cell, field);
    const where = make("p", "quiet");
    const list = make("ol", "strongest");
    const rows6 = Array.from({ length: LISTED }, () => {
      const [name, bar, value] = ["name", "bar-of", "value"].map((kind) => make("span", kind));
      // A button has a name before its channel is known: the maps are read when the reader comes near.
      name.textContent = "channel";
      const button = makeButton("", { class: "bare" }, () => choose(Number(button.dataset.channel)));
      button.append(name, bar, value);
      list.append(make("li", {}, button));
      return { button, name, bar, value };
    });
    const number = make("input", { type: "number", min: 0, max: channels - 1, value: 0 });
    number.addEventListener("input", () => number.value !== "" && choose(clamp(Math.floor(number.value), channels)));
    const maps = labels.map((label) => {
      const canvas = make("canvas", { width: cols, height: rows, "aria-hidden": "true" });
      const told = make("span", "quiet");
      const spot = make("span", "spot");
      return { canvas, told, spot, box: make("div", "pane", make("div", "surface flat", canvas, spot), make("p", {}, make("span", { dir: "auto" }, label), " ", told)) };
    });
    function strongest() {
      const places = Array.from({ length: channels }, (_, channel) => channel);
      const values = places.map((channel) => valueOf(state.image, state.row, state.col, channel));
      return places.sort((a, b) => values[b] - values[a] || a - b).slice(0, LISTED);
    }
    function move(row, col) {
      if (!layers.length) return "The layer is still being read";
      Object.assign(state, { row: clamp(row, rows), col: clamp(col, cols) });
      Object.assign(surface.dataset, { row: state.row, col: state.col });
      for (const mark of [cell, ...maps.map(({ spot }) => spot)]) setCell(mark, state.row, state.col, rows, cols);
      const [seenRows, seenCols] = [spanOf(state.row, geometry.row_spans), spanOf(state.col, geometry.column_spans)];
      setBox(field, seenRows, seenCols, side);
      const best = strongest();
      const highest = valueOf(state.image, state.row, state.col, best[0]);
      // Where there are only padded zeros, the list has an empty span.
      const seen = seenRows[1] && seenCols[1] ? `rows ${seenRows[0]} to ${seenRows[1] - 1}, columns ${seenCols[0]} to ${seenCols[1] - 1}` : "no pixel";
      where.textContent = highest
        ? `Row ${state.row}, column ${state.col}; it sees ${seen}`
        : `Row ${state.row}, column ${state.col}: all channels are silent here`;
      best.forEach((channel, at) => {
        const value = valueOf(state.image, state.row, state.col, channel);
        rows6[at].button.dataset.channel = channel;
        rows6[at].button.setAttribute("aria-pressed", String(channel === state.channel));
        rows6[at].name.textContent = `channel ${channel}`;
        rows6[at].bar.style.setProperty("--share", value / (layers[state.image].largest || 1));
        rows6[at].value.textContent = brief(value);
      });
      return `${where.textContent}. Strongest: ${best.slice(0, 3).map((channel, at) => `channel ${channel}, ${rows6[at].value.textContent}`).join("; ")}`;
    }
    function choose(channel) {
      if (!layers.length) return;
      state.channel = channel;
      number.value = channel;
      const values = labels.map((_, image) => Float32Array.from({ length: rows * cols }, (__, at) => valueOf(image, Math.floor(at / cols), at % cols, channel)));
      const highest = Math.max(...values.map((each) => Math.max(...each)));
      values.forEach((each, image) => {
        paint(maps[image].canvas, { values: each, rows, cols }, 0, highest, CIVIDIS);
        const own = Math.max(...each);
        maps[image].told.textContent = own ? `max ${brief(own)}` : "silent";
      });
      for (const { button } of rows6) button.setAttribute("aria-pressed", String(Number(button.dataset.channel) === channel));
    }
    const [choice, chooseImage] = makeSelect("Image", labels, () => show());
    function show() {
      state.image = choice.selectedIndex;
      picture.src = carriers[state.image].dataset.image;
      move(state.row, state.col);
    }
    box.append(introduce("Any neuron of the layer.", `Move over the image: the ${LISTED} strongest channels at that place, and within the dashed frame all that they can see. Values are rounded to 1/255 of the largest.`),
      make("div", "choices", chooseImage, make("label", {}, make("span", {}, "Channel"), number)),
      make("div", "stepper", make("div", "pane", surface), make("div", "pane", where, list)),
      make("p", {}, "The chosen channel over all example images, on one scale:"),
      make("div", "side-by-side", ...maps.map((each) => each.box)));
    rove(list, "button");
    whenNear(box, async () => {
      layers = await Promise.all(carriers.map(async (each) => ({
        levels: (await readPixels(each.dataset.activations)).data,
        largest: readNumbers(each.dataset.largest)[0],
      })));
      const peak = layers[0].levels.findIndex((level, at) => at % 4 === 0 && level === 255) / 4;
      const place = Math.floor(Math.max(peak, 0) / channels);
      Object.assign(state, { row: Math.floor(place / cols), col: place % cols });
      show();
      choose(strongest()[0]);
      move(state.row, state.col);
      box.dataset.ready = "";
    });
  }

  /* The images behind the cells of the confusion matrix and the points of the map. */

  const ACROSS = 10;
  const MOST_PICTURES = 400;
  const MOST_IN_A_CELL = 12;

  function readTestImages(box) {
    const [classes, files, labels] = ["classes", "files", "labels"].map((name) => json(box, name));
    const probabilities = readNumbers(box.dataset.probabilities);
    const each = files.length > MOST_PICTURES ? Math.floor(MOST_PICTURES / new Set(labels).size) : Infinity;
    const taken = new Map();
    let pictured = 0;
    const images = files.map((file, n) => {
      const own = probabilities.subarray(n * classes.length, (n + 1) * classes.length);
      taken.set(labels[n], (taken.get(labels[n]) || 0) + 1);
      const picture = taken.get(labels[n]) <= each ? pictured++ : null;
      return { file, true: classes.indexOf(labels[n]), predicted: own.indexOf(Math.max(...own)), own, picture };
    });
    return { classes, images, sheet: box.dataset.thumbnails };
  }

  function drawImage({ sheet, classes }, image) {
    const picture = make("span", { class: "thumbnail", role: "img", "aria-label": image.file });
    if (image.picture === null) picture.classList.add("none");
    else {
      const [x, y] = [image.picture % ACROSS, Math.floor(image.picture / ACROSS)];
      const whole = make("img", { src: sheet, alt: "" });
      Object.assign(whole.style, { width: `${100 * ACROSS}%`, left: `${-100 * x}%`, top: `${-100 * y}%` });
      picture.append(whole);
    }
    const ranked = classes.map((name, at) => [name, image.own[at]]).sort((a, b) => b[1] - a[1]).slice(0, 3);
    const name = [...image.file.split("/").at(-1)];
    const shown = name.length > 44 ? [...name.slice(0, 14), "…", ...name.slice(-29)] : name;
    return make("div", "image", picture, make("span", { class: "file", title: image.file }, shown.join("")),
      ...ranked.map(([name, share]) => make("span", "chance", make("span", { dir: "auto" }, name), ` ${plain(share, 3)}`)));
  }

  function exploreConfusion(box, tests) {
    const plate = document.querySelector("#figure-confusion .plate");
    if (!plate || !box.dataset.grid) return;
    const [left, top, right, bottom] = readNumbers(box.dataset.grid);
    const { classes, images } = tests;
    let [row, col, opened] = [0, 0, null];
    const mark = make("span", "cell-mark");
    mark.hidden = true;
    const words = (i, j) => {
      const count = images.filter((image) => image.true === i && image.predicted === j).length;
      const named = count === 1 ? "1 image" : `${count} images`;
      return i === j ? `${classes[i]}, recognised: ${named}` : `${classes[i]}, predicted as ${classes[j]}: ${named}`;
    };
    function move(toRow, toCol) {
      [row, col] = [clamp(toRow, classes.length), clamp(toCol, classes.length)];
      setCell(mark, row, col, classes.length, classes.length);
      mark.hidden = false;
      Object.assign(surface.dataset, { row, col });
      return words(row, col);
    }
    function open() {
      const key = `${row} ${col}`;
      if (opened === key) {
        close();
        return;
      }
      opened = key;
      const within = images.filter((image) => image.true === row && image.predicted === col);
      // Those that there are pictures of come first.
      within.sort((a, b) => (a.picture === null) - (b.picture === null));
      const more = within.length - MOST_IN_A_CELL;
      box.replaceChildren(
        make("p", "head", make("b", { dir: "auto" }, words(row, col)), " ", makeButton("Close", {}, close)),
        make("div", "images", ...within.slice(0, MOST_IN_A_CELL).map((image) => drawImage(tests, image))),
        ...(more > 0 ? [make("p", "quiet", `and ${more} more`)] : []),
      );
      say(`${words(row, col)}; they are shown below the matrix`);
    }
    function close() {
      invite();
      surface.focus({ preventScroll: true });
    }
    function invite() {
      opened = null;
      box.replaceChildren(make("p", "quiet", "Choose a cell to see its images."));
    }
    const surface = makeSurface("The confusion matrix: choose a cell to see its images", {
      at: (x, y) => move(Math.floor(y * classes.length), Math.floor(x * classes.length)),
      step: (dx, dy) => say(move(row + dy, col + dx)),
      choose: open,
      leave: () => { mark.hidden = true; },
    });
    surface.classList.add("over-picture", "choosing");
    setBox(surface, [top, bottom], [left, right], 1);
    surface.append(mark);
    plate.append(surface);
    invite();
  }

  function exploreMap(box, tests) {
    const plate = document.querySelector("#figure-map .plate");
    if (!plate) return;
    const places = readNumbers(box.dataset.places);
    if (places.length !== 2 * tests.images.length) return;
    let now = 0;
    const mark = make("span", "point-mark");
    mark.hidden = true;
    const card = make("div", "card", make("p", "quiet", "Move over the points to see their images."));
    function show(n) {
      now = n;
      Object.assign(mark.style, { left: `${100 * places[2 * n]}%`, top: `${100 * places[2 * n + 1]}%` });
      mark.hidden = false;
      surface.dataset.at = n;
      const image = tests.images[n];
      const names = tests.classes;
      const told = image.true === image.predicted ? `${names[image.true]}, recognised` : `${names[image.true]}, predicted as ${names[image.predicted]}`;
      card.replaceChildren(drawImage(tests, image), make("p", { dir: "auto" }, told));
      return `${image.file}: ${told}`;
    }
    // The nearest point, if the pointer is anywhere near one.
    function at(x, y) {
      const { width, height } = surface.getBoundingClientRect();
      let [best, least] = [-1, 24 ** 2];
      tests.images.forEach((_, n) => {
        const away = ((places[2 * n] - x) * width) ** 2 + ((places[2 * n + 1] - y) * height) ** 2;
        if (away < least) [best, least] = [n, away];
      });
      if (best >= 0) show(best);
    }
    const surface = makeSurface("The map of the test images: the arrow keys lead from image to image", {
      at,
      step: (dx, dy) => say(show(clamp(now + dx + dy, tests.images.length))),
      choose: () => plate.querySelector(".enlarge").click(),
    });
    surface.classList.add("over-picture");
    surface.append(mark);
    plate.append(surface);
    box.append(card);
  }

  /* A neuron is in four places: its frame, its patch, its row, its gradient picture. */

  function linkViews(box) {
    const neurons = json(box, "neurons");
    const article = box.closest("article");
    const of = box.dataset.of;
    const input = document.querySelector(`#figure-neuron_input_${of} .plate`);
    const patches = all(`#figure-patches_${of} .tile`);
    if (!input || !patches.length || patches.length !== neurons.length) return;
    const rows = all(`#guided-backprop article[data-of="${of}"] tr.neuron`);
    const below = document.querySelector(`#guided-backprop article[data-of="${of}"] tr.input .plate`);
    const keys = neurons.map(({ position }) => position.join(" "));
    const side = 224;
    const marks = neurons.map(({ patch }) => {
      const both = ["cell-mark", "cell-mark screen-only"].map((kind) => make("span", kind));
      for (const mark of both) setBox(mark, patch.rows, patch.cols, side);
      if (below) below.append(both[1]);
      return both;
    });
    const card = make("div", "card");
    let now = -1;
    function light(n, key = keys[n]) {
      now = n;
      marks.forEach((each, at) => each.forEach((mark) => { mark.hidden = at !== n; }));
      patches.forEach((tile, at) => tile.classList.toggle("lit", at === n));
      for (const row of rows) row.classList.toggle("lit", row.dataset.neuron === key);
    }
    function tell(n) {
      const row = rows.find((each) => each.dataset.neuron === keys[n]);
      // Its output as it is printed below its patch, digit by digit.
      const printed = textOf(all(".label > .n", patches[n])[0]);
      const words = make("p", {}, make("b", {}, `Neuron ${n + 1}, (${neurons[n].position.join(", ")})`), `, output ${printed}. `);
      card.replaceChildren(words);
      if (row) {
        const picture = row.querySelector(".gradient img");
        card.prepend(make("img", { src: picture.src, alt: "", width: 80, height: 80 }));
        const table = row.closest("table").querySelector("caption");
        words.append("Its gradient picture is in ", make("a", { href: `#${table.id}`, tabindex: "-1" }, textOf(table.querySelector("b")).split(".")[0]), ".");
      } else words.append("It has no gradient picture in this report.");
      return textOf(words);
    }
    const choose = (n) => {
      light(n);
      return tell(n);
    };
    const enlarge = (plate) => () => plate.querySelector(".enlarge").click();
    const off = () => light(-1, null);
    const step = (dx, dy) => {
      const next = now + dx + dy;
      if (next >= neurons.length || (dx + dy < 0 && next < 0)) return false;
      return say(choose(Math.max(next, 0)));
    };
    const inside = (x, y) => ({ patch: { rows: [top, bottom], cols: [left, right] } }) => x * side >= left && x * side < right && y * side >= top && y * side < bottom;
    // Of frames one in the other the smallest is meant.
    const area = ({ patch }) => (patch.rows[1] - patch.rows[0]) * (patch.cols[1] - patch.cols[0]);
    const frames = makeSurface(`Frames of the neurons of ${textOf(article.querySelector("h3"))}: the arrow keys lead through them, and on to the next class`, {
      at: (x, y) => {
        const hit = neurons.filter(inside(x, y)).sort((a, b) => area(a) - area(b))[0];
        if (hit) choose(neurons.indexOf(hit));
        else off();
      },
      step,
      choose: enlarge(input),
      leave: off,
    });
    frames.classList.add("over-picture");
    // By keyboard the frames are enough: the patches light up with them. The button that enlarges lies over the patches,
    // so that the pointer's place tells which of them is meant.
    const sheet = patches[0].parentElement;
    const under = ({ clientX: x, clientY: y }) => patches.findIndex((tile) => {
      const { left, right, top, bottom } = tile.getBoundingClientRect();
      return x >= left && x < right && y >= top && y < bottom;
    });
    sheet.addEventListener("pointermove", (event) => {
      const n = under(event);
      if (n < 0) off();
      else if (n !== now) choose(n);
    });
    sheet.addEventListener("pointerleave", off);
    frames.append(...marks.map(([framed]) => framed));
    input.append(frames);
    box.append(card);
    for (const row of rows) {
      const on = () => light(keys.indexOf(row.dataset.neuron), row.dataset.neuron);
      for (const [kind, action] of [["pointerenter", on], ["focusin", on], ["pointerleave", off], ["focusout", off]]) row.addEventListener(kind, action);
    }
    off();
    tell(0);
    card.lastChild.append(make("span", "quiet", " Move over a frame or a patch: what belongs to a neuron lights up together."));
  }

  function start() {
    const kinds = { convolution: exploreConvolution, stack: exploreStack, neurons: exploreNeurons };
    for (const box of all(".explorer")) kinds[box.dataset.explorer](box);
    for (const box of all(".linked")) linkViews(box);
    for (const part of all("#neurons")) rove(part, "article .surface");
    const [matrix, map] = ["confusion", "map"].map((name) => document.querySelector(`[data-explorer="${name}"]`));
    if (!matrix) return;
    const tests = readTestImages(matrix);
    exploreConfusion(matrix, tests);
    if (map) exploreMap(map, tests);
  }

  return { start };
})();
