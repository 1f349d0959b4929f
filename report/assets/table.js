// The tables of all systems, and of the rounds of the chosen one.

function showTable() {
  const top = figures.top;
  const against = figures.systems.some((system) => system.against_large);
  const some = (name) => figures.systems.some((system) => system[name]);
  const columns = [
    ["accuracy", (s) => percent(s.accuracy)],
    ["95% interval", (s) => (known(s.accuracy) ? `${percent(s.interval[0])} to ${percent(s.interval[1])}` : "-")],
    ["questions", (s) => whole(s.n)],
    ...(against ? [[`points above ${top} alone`, gain]] : []),
    [`${top} tokens`, (s) => short(s.use["large-tokens"])],
    [`${top} calls`, (s) => short(s.use["large-calls"])],
    ["all calls", (s) => (s.n ? short(s.total.calls / s.n) : "-")],
    ["USD / 1,000", (s) => money(s.use.cost)],
    ["model time", (s) => seconds(s.use.seconds)],
    ["no answer", (s) => whole(s.unreadable)],
    ...(some("errors") ? [["errors", (s) => whole(s.errors)]] : []),
    ...(figures.systems.some((s) => s.bounds) ? [["unknown", (s) => whole(Object.values(s.unknown).reduce((a, b) => a + b, 0))]] : []),
  ];
  setChildren(byId("table"), header(["system", ...columns.map(([name]) => name)]), el("tbody", {}, figures.systems.map((system, number) =>
    el("tr", { class: number === state.system ? "chosen" : null }, el("th", { scope: "row" }, system.name),
      columns.map(([, show]) => el("td", {}, cell(show(system))))))));
  byId("table-caption").textContent = `Tokens, calls and time are for one question; tokens are those that the ${top} tier wrote, plans and solutions.`
    + (against ? " Differences are paired, on the questions that both answered, with their 95% interval." : "");
}

function gain(system) {
  const found = system.against_large;
  if (!found) return "-";
  if (!known(found.difference)) return "unknown";
  const interval = found.interval ? ` (${points(found.interval[0])} to ${points(found.interval[1])})` : "";
  return `${points(found.difference)}${interval}`;
}

const cell = (text) => (text === "unknown" ? el("span", { class: "faint" }, text) : text);
const header = (names) => el("thead", {}, el("tr", {}, names.map((name) => el("th", { scope: "col" }, name))));

function showByRound() {
  const system = figures.systems[state.system];
  const names = ["round", "got", "answered", "accuracy", "calls", "tokens read", "written: plans", "solutions", "money", "model time"];
  const rows = system.rounds.map((round) => [
    whole(round.reached), `${whole(round.answered)} (${percent(round.share, 0)})`, known(round.accuracy) ? percent(round.accuracy) : "-",
    ...spent(round.spent),
  ]);
  const all = [whole(system.n), whole(system.n), known(system.accuracy) ? percent(system.accuracy) : "-", ...spent(system.total)];
  const body = [...system.rounds.map((round, number) => [round.round, rows[number]]), ["all", all]];
  setChildren(byId("by-round"), header(names), el("tbody", {}, body.map(([name, cells]) =>
    el("tr", {}, el("th", { scope: "row" }, name), cells.map((text) => el("td", {}, cell(text)))))));
}

function spent(used) {
  const price = used.calls ? moneyBetween(used.usd_low, used.usd_high) : "-";
  return [whole(used.calls), whole(used.prompt_tokens), whole(used.plan_tokens), whole(used.answer_tokens), price, seconds(used.seconds)];
}

function showLeftOut() {
  const rows = Object.entries(figures.left_out);
  byId("left-out").hidden = !rows.length;
  setChildren(byId("left-out").querySelector("dl"), rows.flatMap(([name, why]) => [el("dt", {}, name), el("dd", {}, why)]));
}

function startTable() {
  showLeftOut();
  onState(() => {
    showTable();
    showByRound();
  });
}
