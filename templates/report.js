/* What the page can do beyond being read. Without this script it is still the whole report:
   every number then leads into the table of its sources. */
(() => {
  "use strict";

  const { textOf, sortRows, nextDirection } = sorting;
  const root = document.documentElement;
  const wide = matchMedia("(min-width: 68.75em)");

  const { all, targetOf, make, makeButton, rove, setStop, setBox, voice } = dom;

  /* Colours: those of the system, until the reader chooses the others. */

  const KEY = "reportgen-colours";

  function remembered() {
    try {
      return localStorage.getItem(KEY);
    } catch {
      return null;
    }
  }

  function remember(choice) {
    try {
      if (choice) localStorage.setItem(KEY, choice);
      else localStorage.removeItem(KEY);
    } catch {
      // Then it holds until the page is left.
    }
  }

  function addColours(bar) {
    const system = matchMedia("(prefers-color-scheme: dark)");
    let choice = remembered();
    const isDark = () => (choice ? choice === "dark" : system.matches);
    const button = bar.querySelector(".colours");
    button.addEventListener("click", () => {
      const wanted = isDark() ? "light" : "dark";
      choice = (wanted === "dark") === system.matches ? null : wanted;
      remember(choice);
      show();
    });
    function show() {
      root.dataset.colours = isDark() ? "dark" : "light";
      button.setAttribute("aria-pressed", String(isDark()));
    }
    system.addEventListener("change", show);
    show();
  }

  /* The contents: beside the text where there is room, else a menu. */

  function addMenu(bar, nav) {
    const isOpen = () => nav.classList.contains("open");
    const button = bar.querySelector(".menu");
    button.addEventListener("click", () => setOpen(!isOpen()));
    function setOpen(open) {
      nav.classList.toggle("open", open);
      button.setAttribute("aria-expanded", String(open));
      if (open) (nav.querySelector("[aria-current]") || nav.querySelector("a")).focus({ preventScroll: true });
    }
    const within = (node) => nav.contains(node) || button.contains(node);
    document.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !isOpen()) return;
      setOpen(false);
      button.focus();
    });
    document.addEventListener("pointerdown", (event) => {
      if (isOpen() && !within(event.target)) setOpen(false);
    });
    nav.addEventListener("focusout", (event) => {
      if (isOpen() && event.relatedTarget && !within(event.relatedTarget)) setOpen(false);
    });
    nav.addEventListener("click", (event) => {
      if (event.target.closest("a")) setOpen(false);
    });
    wide.addEventListener("change", () => setOpen(false));
  }

  function followReading(nav) {
    const places = all("a[href^='#']", nav).map((link) => [link, targetOf(link)]).filter(([, place]) => place);
    let current = null;
    function mark() {
      const line = Math.max(100, innerHeight * 0.15);
      const passed = places.filter(([, place]) => place.getBoundingClientRect().top <= line);
      const atEnd = scrollY > 0 && scrollY + innerHeight >= root.scrollHeight - 2;
      const [link] = (atEnd ? places : passed).at(-1) || [null];
      if (link === current) return;
      if (current) current.removeAttribute("aria-current");
      current = link;
      if (!link) return;
      link.setAttribute("aria-current", "true");
      if (wide.matches) keepInSight(link, nav);
    }
    let waiting = false;
    function later() {
      if (waiting) return;
      waiting = true;
      requestAnimationFrame(() => {
        waiting = false;
        mark();
      });
    }
    addEventListener("scroll", later, { passive: true });
    addEventListener("resize", later);
    mark();
  }

  // Unlike scrollIntoView, this never moves the page itself.
  function keepInSight(link, nav) {
    const inner = link.getBoundingClientRect();
    const outer = nav.getBoundingClientRect();
    if (inner.top < outer.top) nav.scrollTop -= outer.top - inner.top + 20;
    else if (inner.bottom > outer.bottom - 60) nav.scrollTop += inner.bottom - outer.bottom + 60;
  }

  /* What is long is folded; a link into it unfolds it. Printed, all of it shows. */

  const folds = new Map();

  function makeFold(heading, box) {
    const button = makeButton("", { class: "bare fold" }, () => setOpen(!box.classList.contains("unfolded")));
    button.append(...heading.childNodes);
    heading.append(button);
    function setOpen(open) {
      box.classList.toggle("unfolded", open);
      button.setAttribute("aria-expanded", String(open));
    }
    setOpen(false);
    folds.set(box, setOpen);
  }

  function addFolds() {
    for (const list of all("nav.listing")) {
      const heading = list.querySelector("h2");
      makeFold(heading, list);
      heading.append(make("span", "screen-only quiet", ` ${all("li", list).length}`));
    }
    const tables = all("table.sources tbody");
    for (const body of tables) makeFold(body.querySelector(".function"), body);
    foldImages();
    const table = document.querySelector("table.sources");
    if (!table) return;
    const button = makeButton("Show all values", { class: "screen-only unfold", "aria-pressed": "false" }, () => {
      const open = button.getAttribute("aria-pressed") !== "true";
      button.setAttribute("aria-pressed", String(open));
      for (const body of tables) folds.get(body)(open);
    });
    table.before(button);
  }

  function foldImages() {
    const files = all("#sources p.files");
    const heading = document.getElementById("images");
    if (!files.length || !heading) return;
    const box = make("div", "file-list");
    heading.after(box);
    box.append(...files);
    makeFold(heading, box);
  }

  function reveal(target) {
    if (!target) return;
    for (const [box, setOpen] of folds) {
      const asked = box.contains(target) || box.previousElementSibling === target;
      if (asked || (target.id === "lists" && target.contains(box))) setOpen(true);
    }
  }

  function revealAddressed() {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    reveal(target);
    if (target) target.scrollIntoView();
  }

  function openOnTheWay() {
    // Before the browser follows the link, for it cannot scroll to what is folded.
    document.addEventListener("click", (event) => {
      const link = event.target.closest("a[href^='#']");
      if (link) reveal(targetOf(link));
    }, true);
    addEventListener("hashchange", revealAddressed);
    if (location.hash) revealAddressed();
  }

  /* Numbers tell where they come from, in the words of the table of sources. */

  function readSource(link) {
    const row = targetOf(link);
    const made = row && row.closest("tbody").querySelector(".made");
    if (!made) return null;
    const formula = link.querySelector("img");
    const inputs = made.querySelector(".inputs");
    const rest = inputs.cloneNode(true);
    const files = all(".input", inputs).map((input) => [".file", ".hash"].map((part) => textOf(input.querySelector(part))));
    files.unshift(...all("a", rest).map((link) => ["fingerprint", textOf(link.querySelector(".hash"))]));
    for (const told of all(".input, a", rest)) told.remove();
    return {
      printed: formula ? formula.alt : textOf(link),
      pointer: link.dataset.ptr,
      ...readValue(row, link.dataset.ptr),
      maker: textOf(made.querySelector(".function")),
      files,
      words: textOf(rest).replace(/^from\b ?/, "").replace(/[\s,.]+$/, ""),
      command: textOf(made.querySelector(".command")),
    };
  }

  // The numbers of a list share the row of the list.
  function readValue(row, pointer) {
    const list = textOf(row.querySelector(".pointer"));
    const value = textOf(row.querySelector(".value"));
    const place = pointer.slice(list.length + 1);
    if (!pointer.startsWith(`${list}/`) || value.endsWith("…")) return { value };
    return { value: value.slice(1, -1).split(", ")[Number(place)], list: `${list} = ${value}` };
  }

  function describeSource(source) {
    const list = make("dl");
    const add = (term, ...content) => content.length && list.append(make("dt", {}, term), make("dd", {}, ...content));
    const code = (text) => make("span", "code", text);
    add("Value", code(source.value));
    add("Pointer", code(source.pointer));
    if (source.list) add("Element of", code(source.list));
    add("Function", code(source.maker));
    const files = source.files.map(([file, hash]) => make("li", {}, make("span", "file", file), " ", code(hash)));
    const words = source.words ? [source.words] : [];
    add("Read from", ...words, ...(files.length ? [make("ul", {}, ...files)] : []));
    add("Command", code(source.command), " ", makeCopyButton(source.command, list));
    return list;
  }

  function makeCopyButton(text, place) {
    const said = make("span", { role: "status", class: "copied" });
    const button = makeButton("Copy", { class: "copy", "aria-label": "Copy the command" }, async () => {
      try {
        await navigator.clipboard.writeText(text);
      } catch {
        const field = make("textarea", { class: "off", readonly: "" }, text);
        place.append(field);
        field.select();
        document.execCommand("copy");
        field.remove();
        button.focus();
      }
      said.textContent = "copied";
    });
    return make("span", "nowrap", button, " ", said);
  }

  function addSources() {
    let opener = null;
    const box = make("div", { class: "source screen-only", role: "dialog", tabindex: "-1" });
    box.hidden = true;
    document.body.append(box);

    function open(link, source) {
      close();
      opener = link;
      const said = source.printed.length > 90 ? `${source.printed.slice(0, 90)}…` : source.printed;
      box.setAttribute("aria-label", `Where ${said} comes from`);
      box.replaceChildren(
        makeButton("Close", { class: "close" }, leave),
        make("p", "printed", said),
        describeSource(source),
        make("p", "onward", make("a", { href: link.getAttribute("href") }, "In the table of sources")),
      );
      box.hidden = false;
      link.setAttribute("aria-expanded", "true");
      place();
      box.focus({ preventScroll: true });
    }
    function place() {
      if (box.hidden) return;
      const line = opener.getClientRects()[0];
      const room = { above: line.top - 16, below: innerHeight - line.bottom - 16 };
      box.style.maxHeight = "";
      const below = room.below >= Math.min(box.offsetHeight, room.above);
      box.style.maxHeight = `${Math.max(160, below ? room.below : room.above)}px`;
      const left = Math.max(16, Math.min(line.left - 16, root.clientWidth - box.offsetWidth - 16));
      box.style.left = `${left + scrollX}px`;
      box.style.top = `${scrollY + (below ? line.bottom + 8 : line.top - box.offsetHeight - 8)}px`;
    }
    function close() {
      if (box.hidden) return;
      box.hidden = true;
      opener.removeAttribute("aria-expanded");
    }
    function leave() {
      close();
      opener.focus({ preventScroll: true });
    }

    document.addEventListener("click", (event) => {
      const link = event.target.closest("a.n[data-ptr]");
      const plain = event.button === 0 && !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);
      const source = link && plain && readSource(link);
      if (source) {
        event.preventDefault();
        if (!box.hidden && opener === link) leave();
        else open(link, source);
      } else if (!box.hidden && (!event.composedPath().includes(box) || event.target.closest("a"))) {
        // Whoever clicks on nothing is back at the number; whoever clicks on something is there.
        if (document.activeElement === document.body) leave();
        else close();
      }
    });
    box.addEventListener("keydown", (event) => {
      if (event.key === "Tab") leaveByTab(event);
      if (event.key === "Escape") leave();
    });
    // Past either end the reader goes on from the number, where they came from.
    function leaveByTab(event) {
      const stops = all("a, button", box);
      const at = document.activeElement;
      const first = event.shiftKey && (at === stops[0] || at === box);
      if (!first && (event.shiftKey || at !== stops.at(-1))) return;
      if (first) event.preventDefault();
      leave();
    }
    addEventListener("resize", place);
    for (const link of all("a.n[data-ptr]")) link.setAttribute("aria-haspopup", "dialog");
  }

  /* Figures can be looked at as large as the window allows. */

  function addEnlarging() {
    const figures = all("main figure").filter((figure) => figure.querySelector("img"));
    for (const figure of figures) putOnPlate(figure, () => show(figures.indexOf(figure)));
    if (!figures.length) return;

    let shown = 0;
    const picture = make("img");
    const caption = make("p", { class: "caption", id: "enlarged-caption" });
    const count = make("span", { class: "count", role: "status" });
    const sheet = make("div", "whole");
    const stage = make("div", { class: "stage", tabindex: "0", role: "group", "aria-label": "The picture" }, picture, sheet);
    const full = makeButton("Full size", { "aria-pressed": "false" }, () => setFull(!stage.classList.contains("full")));
    const bar = make("div", "controls",
      makeButton("Previous", {}, () => show(shown - 1)), count, makeButton("Next", {}, () => show(shown + 1)),
      full, makeButton("Close", { class: "close" }, () => dialog.close()));
    const dialog = make("dialog", { class: "enlarged screen-only", "aria-labelledby": caption.id }, bar, stage, caption);
    document.body.append(dialog);

    function setFull(wanted) {
      stage.classList.toggle("full", wanted);
      full.setAttribute("aria-pressed", String(wanted));
    }
    function show(index) {
      shown = (index + figures.length) % figures.length;
      const many = figures[shown].querySelector(".sheet");
      const original = figures[shown].querySelector(many ? ".tile img" : ".plate > img");
      // Of many pictures their sheet, labels and all; the first of them says what the figure shows.
      sheet.replaceChildren(...(many ? [copyOf(many)] : []));
      picture.hidden = Boolean(many);
      picture.src = original.src;
      picture.alt = original.alt;
      picture.width = original.naturalWidth || original.width;
      picture.height = original.naturalHeight || original.height;
      caption.replaceChildren(...copyOf(figures[shown].querySelector("figcaption")).childNodes);
      count.textContent = `${shown + 1} of ${figures.length}`;
      setFull(false);
      if (!dialog.open) dialog.showModal();
      // A caption that scrolls does so by keyboard, too.
      setStop(caption, () => caption.scrollHeight > caption.clientHeight);
    }
    dialog.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (!step || stage.classList.contains("full")) return;
      event.preventDefault();
      show(shown + step);
    });
    dialog.addEventListener("click", (event) => {
      if (event.target === picture) setFull(!stage.classList.contains("full"));
    });
  }

  function putOnPlate(figure, enlarge) {
    const image = figure.querySelector("img");
    const name = figure.querySelector("figcaption b");
    const button = makeButton("", { class: "enlarge screen-only", "aria-label": `Enlarge ${name ? textOf(name) : "the figure"}` }, enlarge);
    const sheet = figure.querySelector(".sheet");
    // Below the labels, so that these can be selected and their numbers asked for.
    if (sheet) return sheet.prepend(button);
    const plate = make("div", `plate ${image.className}`);
    image.replaceWith(plate);
    plate.append(image, button);
  }

  // Without the links, which would lead out of the enlarged figure.
  function copyOf(node) {
    const copy = node.cloneNode(true);
    for (const control of all(".enlarge", copy)) control.remove();
    for (const link of all("a", copy)) link.replaceWith(...link.childNodes);
    return copy;
  }

  /* Gradients, receptive fields and patches lie over the image that they belong to. */

  function addOverlays() {
    for (const article of all("#guided-backprop article.class")) {
      const figure = article.querySelector("tr.input figure");
      const rows = all("table.gradients tr.neuron", article);
      if (figure && rows.length) layOver(figure, rows);
    }
    joinChoices(all("fieldset.over"));
  }

  // The choices of all classes are one group: those where the reader was last are stops for the keyboard, and the arrow keys
  // lead from their boxes to those of the next class.
  function joinChoices(sets) {
    function settle(own, box) {
      const stop = box.type === "checkbox" ? box : own.querySelector(":enabled[type='checkbox']");
      for (const control of all("select, input", own.closest("section"))) {
        control.tabIndex = own.contains(control) && (control.type !== "checkbox" || control === stop) ? 0 : -1;
      }
    }
    if (!sets.length) return;
    rove(sets[0].closest("section"), "fieldset.over [type='checkbox']");
    for (const set of sets) for (const kind of ["focusin", "input"]) set.addEventListener(kind, (event) => settle(set, event.target));
    settle(sets[0], sets[0]);
  }

  function layOver(figure, rows) {
    const gradient = make("img", { class: "layer", alt: "" });
    const frames = ["field", "patch"].map((kind) => make("span", `frame ${kind}`));
    figure.querySelector(".plate > img").after(
      make("div", { class: "layers screen-only", "aria-hidden": "true" }, gradient, ...frames));

    const neuron = make("select", {}, ...rows.map((row, at) => make("option", { value: at }, nameNeuron(row))));
    neuron.selectedIndex = Math.max(0, rows.findIndex((row) => row.dataset.patch));
    const slider = make("input", { type: "range", min: "0", max: "100", step: "5", value: "0" });
    const amount = make("output");
    const boxes = frames.map(() => make("input", { type: "checkbox" }));
    const why = make("span", "quiet");
    const update = () => {
      const row = rows[neuron.selectedIndex];
      const image = row.querySelector(".gradient img");
      gradient.src = image.src;
      gradient.style.opacity = slider.value / 100;
      amount.textContent = `${slider.value} %`;
      slider.setAttribute("aria-valuetext", amount.textContent);
      [row.dataset.field, row.dataset.patch].forEach((place, at) => {
        boxes[at].disabled = !place;
        frames[at].hidden = !place || !boxes[at].checked;
        // "top bottom left right" in pixels of a square image of this side.
        const [top, bottom, left, right] = place.split(" ");
        setBox(frames[at], [top, bottom], [left, right], image.getAttribute("width"));
      });
      why.textContent = row.dataset.patch ? "" : "not measured for this neuron";
    };
    const label = (...content) => make("label", {}, ...content);
    const controls = make("fieldset", "over screen-only",
      make("legend", {}, "Lay over the image"),
      label(make("span", {}, "Neuron"), neuron),
      label(make("span", {}, "Gradient"), slider, amount),
      label(boxes[0], make("span", "key field"), "Receptive field"),
      label(boxes[1], make("span", "key patch"), "Patch", why));
    for (const control of [neuron, slider, ...boxes]) control.addEventListener("input", update);
    figure.classList.add("layered");
    figure.append(controls);
    // A reloaded page keeps what was chosen before.
    addEventListener("pageshow", update);
    update();
  }

  function nameNeuron(row) {
    const head = row.querySelector("th");
    const kind = head.querySelector(".unit");
    return kind ? `${textOf(head.firstElementChild)} ${textOf(kind)}` : textOf(head);
  }

  /* Tables are sorted by value: upwards, downwards, as they were. */

  function makeSortable(table) {
    const bodies = [...table.tBodies];
    const order = bodies.map((body) => [...body.rows]);
    const heads = [...table.tHead.rows[0].cells];
    function setOrder(head, direction) {
      for (const other of heads) other.removeAttribute("aria-sort");
      table.classList.toggle("sorted", Boolean(direction));
      if (direction) {
        head.setAttribute("aria-sort", direction);
        bodies[0].append(...sortRows(order.flat(), heads.indexOf(head), direction === "ascending" ? 1 : -1));
      } else {
        bodies.forEach((body, at) => body.append(...order[at]));
      }
    }
    for (const head of heads) {
      const button = makeButton("", { class: "bare sort" }, () => setOrder(head, nextDirection(head)));
      button.append(...head.childNodes);
      head.append(button);
    }
    // Paper shows the report as it was made.
    addEventListener("beforeprint", () => setOrder(null, null));
  }

  function addSorting() {
    for (const table of all("table.data:not(.gradients, .sources)")) {
      const rows = [...table.tBodies].flatMap((body) => [...body.rows]);
      const plain = table.tHead && !table.querySelector("tbody [colspan], tbody [rowspan]");
      if (plain && rows.length > 2) makeSortable(table);
    }
  }

  /* A table wider than the window scrolls by itself, by keyboard too. */

  function addScrolling() {
    const watcher = new ResizeObserver((entries) => entries.forEach(({ target }) => check(target.closest(".scroll"))));
    function check(box) {
      const table = box.firstElementChild;
      const name = table.querySelector("caption b");
      const label = name ? textOf(name) : table.getAttribute("aria-label") || "Table";
      setStop(box, () => box.scrollWidth > box.clientWidth + 1, { role: "region", "aria-label": label });
    }
    for (const table of all("table.data, .commentary table")) {
      const box = make("div", "scroll");
      table.replaceWith(box);
      box.append(table);
      watcher.observe(box);
      watcher.observe(table);
    }
  }

  /* One stop for the numbers and figures of each section, table headings with them: in all a few dozen, of a thousand. */

  function addRoving() {
    const refreshers = [];
    const add = (box, selector, upright) => refreshers.push(rove(box, selector, upright));
    // Up and down go on scrolling, since what is read runs downwards.
    for (const part of all("main > section:not(#sources, #lists), header.title")) {
      const own = part.matches("header") ? ":not(nav *)" : "";
      add(part, `a${own}, .enlarge, .sort`, false);
    }
    if (nav) add(nav, "a");
    for (const list of all("#lists, #sources")) add(list, "a, .fold, .unfold");
    // What opens or closes may hold the stop of its group.
    document.addEventListener("click", (event) => {
      if (event.target.closest(".fold, .unfold")) for (const refresh of refreshers) refresh();
    });
  }

  const bar = document.querySelector(".tools");
  document.body.append(voice);
  addColours(bar);
  const nav = document.querySelector("nav.contents");
  if (nav) {
    addMenu(bar, nav);
    followReading(nav);
  }
  addFolds();
  addSources();
  addEnlarging();
  addOverlays();
  addSorting();
  addScrolling();
  explore.start();
  addRoving();
  openOnTheWay();
})();
