/* How the cells of a table's column are compared, in the report and in the page of a class. */
const sorting = (() => {
  "use strict";

  const MISSING = "–";
  const NUMBER = /^(−?\d*\.?\d+)(?:×10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+))?(%|of(\d+))?$/;
  const RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹";
  const byText = new Intl.Collator(undefined, { numeric: true });

  const textOf = (node) => node.textContent.replace(/\s+/g, " ").trim();

  // "12", "−0.5", "3×10⁻⁴", "50 %" or "3 of 4", which counts as a share.
  function readNumber(text) {
    const match = NUMBER.exec(text.replace(/\s/g, ""));
    if (!match) return NaN;
    const [, digits, power, unit, whole] = match;
    const exponent = [...(power || "⁰")].map((sign) => (sign === "⁻" ? "-" : RAISED.indexOf(sign))).join("");
    return Number(`${digits.replace("−", "-")}e${exponent}`) / (unit === "%" ? 100 : Number(whole || 1));
  }

  // What has no value stands last, whichever the direction.
  function sortRows(rows, column, sign) {
    const cells = new Map(rows.map((row) => [row, textOf(row.cells[column])]));
    const isMissing = (row) => ["", MISSING].includes(cells.get(row));
    const given = rows.filter((row) => !isMissing(row));
    const numbers = given.every((row) => !Number.isNaN(readNumber(cells.get(row))));
    const compare = numbers ? (a, b) => readNumber(a) - readNumber(b) : byText.compare;
    given.sort((a, b) => sign * compare(cells.get(a), cells.get(b)));
    return [...given, ...rows.filter(isMissing)];
  }

  // Upwards, downwards, as they were.
  function nextDirection(head) {
    const next = { ascending: "descending", descending: null }[head.getAttribute("aria-sort")];
    return next === undefined ? "ascending" : next;
  }

  return { textOf, sortRows, nextDirection };
})();
