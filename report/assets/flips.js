// The questions that a system helped or harmed against the last tier alone; each number opens them.

function startFlips() {
  byId("flips-section").hidden = !figures.systems.some((system) => system.flips);
  onState(showFlips);
}

function showFlips() {
  const { name, flips } = figures.systems[state.system];
  byId("flips-system").textContent = figures.systems.length > 1 ? name : "";
  if (!flips) {
    setChildren(byId("flips"));
    byId("flips-caption").textContent = `${name} is what the others are compared with, or there is nothing to compare it with.`;
    return;
  }
  const body = flips.parts.map((row, place) => {
    const label = row.part === "all" ? "all questions" : `${row.part} ${row.name}`;
    const churn = row.helped.length + row.harmed.length;
    const share = row.questions ? ` (${percent(churn / row.questions)})` : "";
    return el("tr", {}, el("th", { scope: "row" }, label), el("td", {}, whole(row.questions)),
      ...["helped", "harmed"].map((kind) => el("td", {}, flipButton(place, kind, row[kind].length))), el("td", {}, `${whole(churn)}${share}`));
  });
  setChildren(byId("flips"), header(["questions of", "n", "helped", "harmed", "churn"]), el("tbody", {}, body));
  byId("flips-caption").textContent = `Helped: only ${name} is right. Harmed: only ${flips.against} is right. Churn: both together. Rounds are those that answered.`;
}

function flipButton(place, kind, count) {
  if (!count) return "0";
  const act = () => {
    change({ search: "", outcome: "", round: "", escalated: false, differs: false, page: 0, question: null, flip: `${place}-${kind}` });
    byId("questions").scrollIntoView();
  };
  return el("button", { type: "button", class: "quiet", "aria-label": `show ${counted(count, `${kind} question`)}`, on: { click: act } }, whole(count));
}

// The ids of the questions behind the number that was chosen; null without one.
function flippedIds() {
  const [place, kind] = state.flip.split("-");
  const row = figures.systems[state.system].flips?.parts[Number(place)];
  return state.flip && row && ["helped", "harmed"].includes(kind) ? new Set(row[kind]) : null;
}
