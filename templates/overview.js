"use strict";
/* Tables are sorted by a click on a heading: upwards, downwards, as they were. Groups are found by any word. */
(() => {
  const MISSING = "–";
  const byText = new Intl.Collator(undefined, { numeric: true });

  function textOf(cell) {
    return cell.textContent.replace(/\s+/g, " ").trim();
  }

  // "12", "0.5", or "3 of 4", which counts as a share.
  function readNumber(text) {
    const match = /^(\d+(?:\.\d+)?)(?: of (\d+))?$/.exec(text);
    return match ? Number(match[1]) / Number(match[2] || 1) : NaN;
  }

  function sortValue(cell) {
    return cell.querySelector("svg") ? "" : textOf(cell);
  }

  function sortRows(rows, column, sign) {
    const cells = new Map(rows.map((row) => [row, sortValue(row.cells[column])]));
    const isMissing = (row) => ["", MISSING].includes(cells.get(row));
    const given = rows.filter((row) => !isMissing(row));
    const numbers = given.every((row) => !Number.isNaN(readNumber(cells.get(row))));
    const compare = numbers ? (a, b) => readNumber(a) - readNumber(b) : byText.compare;
    given.sort((a, b) => sign * compare(cells.get(a), cells.get(b)));
    return [...given, ...rows.filter(isMissing)];
  }

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
      button.addEventListener("click", () => {
        const next = { ascending: "descending", descending: null }[head.getAttribute("aria-sort")];
        setOrder(head, next === undefined ? "ascending" : next);
      });
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
