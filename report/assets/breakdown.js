// The figures of the chosen system by a field of the questions, such as level or subject.

const MOST_VALUES = 60;

function startBreakdown() {
  const fields = [...new Set(figures.systems.flatMap((system) => system.by.map((one) => one.field)))];
  byId("by-section").hidden = !fields.length;
  if (!fields.length) return;
  setChildren(byId("by-field"), fields.map((field) => el("option", { value: field }, field)));
  byId("by-field").addEventListener("change", showBreakdown);
  onState(showBreakdown);
}

function showBreakdown() {
  const system = figures.systems[state.system];
  const field = byId("by-field").value;
  const place = system.by.findIndex((one) => one.field === field);
  byId("by-system").textContent = figures.systems.length > 1 ? system.name : "";
  if (place < 0) {
    setChildren(byId("by-plot"));
    setChildren(byId("by-table"));
    byId("by-caption").textContent = `${system.name} has no question with this field.`;
    return;
  }
  const rows = system.by[place].values;
  setChildren(byId("by-plot"), pictures.get(`by-${state.system}-${place}`));
  const rounds = system.rounds.length > 1 ? system.rounds.map((round) => `round ${round.round}`) : [];
  const names = [field, "questions", "accuracy", "95% interval", ...rounds, "calls", "tokens", "money"];
  setChildren(byId("by-table"), header(names), el("tbody", {}, rows.slice(0, MOST_VALUES).map((row) =>
    el("tr", {}, el("th", { scope: "row" }, row.value), breakdownCells(row, rounds.length).map((text) => el("td", {}, cell(text)))))));
  const more = rows.length - MOST_VALUES;
  byId("by-caption").textContent = (rounds.length ? "Rounds: the share of the questions that each answered. " : "")
    + (more > 0 ? `${counted(more, "more value")} not shown: the page has ${MOST_VALUES} of them.` : "");
}

function breakdownCells(row, rounds) {
  const tokens = [row.total.prompt_tokens, row.total.plan_tokens, row.total.answer_tokens];
  const isKnown = known(row.accuracy);
  return [
    whole(row.n), percent(row.accuracy), isKnown ? `${percent(row.interval[0])} to ${percent(row.interval[1])}` : "-",
    ...row.shares.slice(0, rounds).map((share) => percent(share)),
    whole(row.total.calls), tokens.every(known) ? whole(tokens.reduce((a, b) => a + b, 0)) : "unknown",
    row.total.calls ? moneyBetween(row.total.usd_low, row.total.usd_high) : "-",
  ];
}
