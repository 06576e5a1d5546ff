/* Two pictures of one figure lie over one another, and a slider wipes from A to B. Without the script they stand side by side. */
(() => {
  "use strict";

  for (const sides of document.querySelectorAll(".sides")) {
    const pictures = sides.querySelectorAll("img");
    if (pictures.length !== 2) continue;

    const bar = document.createElement("div");
    bar.className = "wipe";
    const button = document.createElement("button");
    button.type = "button";
    const slider = document.createElement("input");
    slider.type = "range";
    slider.value = "50";
    slider.setAttribute("aria-label", `From A to B: ${pictures[0].alt.replace(/ in A$/, "")}`);
    const wipe = () => sides.style.setProperty("--at", `${slider.value}%`);
    const lay = (over) => {
      sides.classList.toggle("over", over);
      slider.hidden = !over;
      button.textContent = over ? "Side by side" : "Over one another";
    };
    button.addEventListener("click", () => lay(!sides.classList.contains("over")));
    slider.addEventListener("input", wipe);
    bar.append(button, slider);
    sides.before(bar);
    wipe();
    // Pictures of unequal size have no common place to compare.
    const ready = [...pictures].map((picture) => picture.decode().catch(() => undefined));
    Promise.all(ready).then(() => {
      const [a, b] = pictures;
      lay(a.naturalWidth === b.naturalWidth && a.naturalHeight === b.naturalHeight);
    });
  }
})();
