"use strict";

const frame = document.getElementById("report");
const statusBar = document.getElementById("status");
const errorBar = document.getElementById("error");
let shown = null; // the version of the report in the frame
let position = null; // where the reader was, while another version loads

function readPosition() {
  try {
    return { left: frame.contentWindow.scrollX, top: frame.contentWindow.scrollY };
  } catch {
    return null; // the reader followed a link to another site
  }
}

function load(version) {
  // A version that comes while the one before still loads must not take its place at the top for the reader's.
  if (shown !== null && position === null) position = readPosition();
  shown = version;
  frame.src = "/report.html";
}

frame.addEventListener("load", () => {
  let page = null;
  try {
    page = frame.contentDocument;
  } catch {
    // another site
  }
  if (page === null) return;
  document.title = page.title || "reportgen";
  for (const link of page.querySelectorAll('a[href^="http:"], a[href^="https:"]')) link.target = "_blank";
  if (position !== null) frame.contentWindow.scrollTo({ ...position, behavior: "instant" });
  position = null;
});

// A text that did not change is not read out again.
function write(bar, text) {
  if (bar.textContent !== text) bar.textContent = text;
}

function show(state, news) {
  if (news.version !== shown) load(news.version);
  const waiting = { building: `Building… ${news.stage}`.trim(), ready: news.reminder };
  write(statusBar, waiting[state] ?? "");
  write(errorBar, news.problem ? `${news.problem}\n→ ${news.remedy}` : "");
  errorBar.tabIndex = news.problem ? 0 : -1; // a long one scrolls, also by keyboard
}

function connect() {
  const events = new EventSource("/events");
  for (const state of ["building", "ready", "failed"]) {
    events.addEventListener(state, (event) => show(state, JSON.parse(event.data)));
  }
  events.addEventListener("error", () => {
    write(statusBar, "Not connected: is “reportgen watch” still running? This page tries again by itself.");
    if (events.readyState === EventSource.CLOSED) setTimeout(connect, 1000);
  });
}

connect();
