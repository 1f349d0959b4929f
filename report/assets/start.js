// Read the address, and draw the page.

readAddress();
startFigures();
startBreakdown();
startFlips();
startTable();
startList();
startQuestion();
redraw(null);
addEventListener("hashchange", () => {
  const before = { ...state };
  readAddress();
  redraw(before);
});
document.documentElement.dataset.ready = Math.round(performance.now()); // milliseconds from the start of the navigation
