/* Tables are sorted by a click on a heading: upwards, downwards, as they were. Groups are found by any word. */
(() => {
  "use strict";

  const { textOf, sortRows, nextDirection } = sorting;

  function makeSortable(table) {
    const body = table.tBodies[0];
    const order = [...body.rows];
    const heads = [...table.tHead.rows[0].cells];
    const setOrder = (head, direction) => {
      for (const other of heads) other.removeAttribute("aria-sort");
      if (direction) head.setAttribute("aria-sort", direction);
      const sign = direction === "ascending" ? 1 : -1;
      body.append(...(direction ? sortRows(order, heads.indexOf(head), sign) : order));
    };
    for (const head of heads) {
      if (order.some((row) => row.cells[heads.indexOf(head)].querySelector("svg"))) continue;
      const button = document.createElement("button");
      button.type = "button";
      button.className = "sort";
      button.append(...head.childNodes);
      button.addEventListener("click", () => setOrder(head, nextDirection(head)));
      head.append(button);
    }
  }

  function addSearch(table) {
    const tools = document.createElement("div");
    tools.className = "tools";
    const label = document.createElement("label");
    label.textContent = "Search the groups";
    label.htmlFor = "search";
    const input = document.createElement("input");
    Object.assign(input, { id: "search", type: "search", autocomplete: "off" });
    const found = document.createElement("output");
    found.className = "quiet";
    found.setAttribute("for", "search");
    tools.append(label, input, found);
    const rows = [...table.tBodies[0].rows];
    const fold = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
    const texts = new Map(rows.map((row) => [row, fold(textOf(row))]));
    input.addEventListener("input", () => {
      const words = fold(input.value).split(/\s+/).filter(Boolean);
      for (const row of rows) row.hidden = !words.every((word) => texts.get(row).includes(word));
      const shown = rows.filter((row) => !row.hidden).length;
      found.textContent = words.length ? `${shown} of ${rows.length}` : "";
    });
    table.closest(".scroll").before(tools);
  }

  for (const table of document.querySelectorAll("table.data")) makeSortable(table);
  for (const table of document.querySelectorAll("table.searched")) addSearch(table);
})();
