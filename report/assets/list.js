// The list of questions: filters, pages of rows, and keys.

const PAGE = 50;
let rows = [];
let active = 0; // position in `rows`

function startList() {
  const passOrFail = figures.systems.flatMap((system) => Object.values(system.gates)).find((gate) => gate.pass_or_fail);
  if (passOrFail) [sorts.unsure[0], sorts.sure[0]] = passOrFail.pass_or_fail.first;
  fill("outcome", Object.entries(outcomes).filter(([name]) => !name || someSystem(name)).map(([name, [label]]) => [name, label]));
  fill("sort", Object.entries(sorts).map(([name, [label]]) => [name, label]));
  const differs = index.rows.some((row) => row[3].some((outcome) => known(outcome?.[OUTCOME.differs])));
  byId("differs-label").hidden = !differs;
  byId("differs-words").textContent = `${figures.domain === "short-answer" ? "answer" : "verdict"} differs from ${figures.top}`;
  for (const name of ["outcome", "round", "sort"]) byId(name).addEventListener("change", (event) => change({ [name]: event.target.value, page: 0 }));
  for (const name of ["escalated", "differs"]) byId(name).addEventListener("change", (event) => change({ [name]: event.target.checked, page: 0 }));
  let waiting = 0;
  byId("search").addEventListener("input", (event) => {
    clearTimeout(waiting);
    waiting = setTimeout(() => change({ search: event.target.value, page: 0 }), 120);
  });
  byId("clear").addEventListener("click", () => change({ search: "", outcome: "", round: "", escalated: false, differs: false, sort: "", flip: "", page: 0 }));
  byId("before").addEventListener("click", () => turn(-1));
  byId("after").addEventListener("click", () => turn(1));
  byId("list").addEventListener("click", (event) => {
    const item = event.target.closest("li[data-row]");
    if (item) change({ question: Number(item.dataset.row) });
  });
  document.addEventListener("keydown", onKey);
  onState(showList);
}

function someSystem(name) {
  const saved = state.system;
  const found = figures.systems.some((_, number) => {
    state.system = number;
    return index.rows.some((_row, row) => outcomes[name][1](row));
  });
  state.system = saved;
  return found;
}

const fill = (id, options) => setChildren(byId(id), options.map(([value, label]) => el("option", { value }, label)));

function turn(by) {
  change({ page: state.page + by });
  byId("list").focus({ preventScroll: true });
}

function showList(before) {
  const rounds = figures.systems[state.system].rounds;
  fill("round", [["", "any round"], ...rounds.map((round) => [round.round, `round ${round.round}`])]);
  if (Number(state.round) > rounds.length) state.round = "";
  for (const name of ["outcome", "round", "sort"]) byId(name).value = state[name];
  for (const name of ["escalated", "differs"]) byId(name).checked = state[name];
  if (document.activeElement !== byId("search") || !state.search) byId("search").value = state.search;
  if (state.search && !deep) deepen(() => redraw({ ...state }));
  rows = chosen();
  const last = Math.max(0, Math.ceil(rows.length / PAGE) - 1);
  state.page = Math.min(state.page, last);
  active = Math.max(0, rows.indexOf(state.question ?? before?.question));
  if (state.question !== null && rows.includes(state.question)) state.page = Math.floor(active / PAGE);
  else if (Math.floor(active / PAGE) !== state.page) active = state.page * PAGE;
  const start = state.page * PAGE;
  const shown = rows.slice(start, start + PAGE);
  const searching = state.search && !deep ? ", searching plans and solutions …" : "";
  const range = rows.length > PAGE ? `${whole(start + 1)} to ${whole(start + shown.length)} of ` : "";
  const all = rows.length === index.rows.length ? counted(rows.length, "question") : `${whole(rows.length)} of ${counted(index.rows.length, "question")}`;
  byId("count").textContent = range + all + searching;
  byId("before").disabled = state.page === 0;
  byId("after").disabled = state.page === last;
  setChildren(byId("list"), shown.length ? shown.map(item) : el("li", { class: "empty" }, "No question matches. Clear the filters to see all."));
  showActive(false);
}

function item(row) {
  const [id, text] = index.rows[row];
  const [sign, kind, label] = verdictOf(outcomeOf(row));
  const answer = outcomeField(row, "answer");
  const round = outcomeField(row, "round");
  const confidence = outcomeField(row, "confidence");
  return el("li", { role: "option", id: `row-${row}`, "data-row": row, "aria-selected": "false" },
    el("span", { class: kind, title: label }, sign, el("span", { class: "out" }, label)),
    el("span", { class: "text" }, el("span", { class: "id" }, ...marked(id)), ...marked(text)),
    el("span", { class: "answer" }, figures.domain === "code" && answer ? "" : answer ?? (label === "wrong" ? "no answer" : "")),
    el("span", { class: "side" }, round ? `round ${round}` : ""),
    sureness(round, confidence));
}

// Why the answer was accepted, such as its share of the votes, or the shown tests that it passes.
function sureness(round, confidence) {
  if (!known(confidence)) return el("span", { class: "side" }, "");
  const system = figures.systems[state.system];
  const gate = system.gates[system.rounds[round - 1]?.gate];
  const texts = gate?.pass_or_fail;
  if (!texts) return el("span", { class: "side", title: gate?.label ?? null }, percent(confidence, 0));
  const passes = Number(confidence >= 1);
  return el("span", { class: "side", title: `its ${texts.noun} ${texts.level[passes]}` }, texts.short[passes]);
}

function verdictOf(outcome) {
  if (!outcome) return ["–", "is-open", "not asked"];
  const right = outcome[OUTCOME.right];
  if (outcome[OUTCOME.state] === "error") return ["!", "is-wrong", "a model failed"];
  if (outcome[OUTCOME.state] === "unknown") return ["?", "is-open", "unknown"];
  if (right === null) return ["?", "is-open", "no right answer is known"];
  return right === 1 ? ["✓", "is-right", "right"] : ["✗", "is-wrong", "wrong"];
}

// A text with the first searched word marked.
function marked(text) {
  const word = state.search.toLowerCase().split(/\s+/).find(Boolean);
  const at = word ? text.toLowerCase().indexOf(word) : -1;
  return at < 0 ? [text] : [text.slice(0, at), el("mark", {}, text.slice(at, at + word.length)), text.slice(at + word.length)];
}

function showActive(scroll) {
  for (const item of byId("list").children) {
    const on = Number(item.dataset.row) === rows[active];
    item.classList.toggle("active", on);
    item.setAttribute("aria-selected", String(on));
    if (on && scroll) item.scrollIntoView({ block: "nearest" });
  }
  if (rows.length) byId("list").setAttribute("aria-activedescendant", `row-${rows[active]}`);
  else byId("list").removeAttribute("aria-activedescendant");
}

function move(by) {
  const to = Math.min(Math.max(active + by, 0), rows.length - 1);
  if (to === active || !rows.length) return;
  active = to;
  if (state.question !== null) return change({ question: rows[active] });
  if (Math.floor(active / PAGE) !== state.page) {
    const saved = active;
    change({ page: Math.floor(active / PAGE) });
    active = saved;
  }
  showActive(true);
}

const KEYS = { j: () => move(1), ArrowDown: () => move(1), k: () => move(-1), ArrowUp: () => move(-1), Home: () => move(-Infinity), End: () => move(Infinity) };

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const at = event.target;
  const typing = at.matches("input[type=search], select, textarea");
  if (event.key === "Escape" && state.question !== null) return closeQuestion();
  if (event.key === "Escape" && at === byId("search")) return at.blur();
  if (event.key === "/" && !typing) {
    event.preventDefault();
    byId("search").focus();
    return byId("search").select();
  }
  if (at === byId("search") && (event.key === "ArrowDown" || event.key === "Enter")) {
    event.preventDefault();
    return byId("list").focus();
  }
  const inList = at === byId("list");
  const moves = KEYS[event.key];
  // Letters move unless text is typed. Arrows move only in the list, because elsewhere they scroll.
  if (moves && !typing && (inList || event.key === "j" || event.key === "k")) {
    event.preventDefault();
    moves();
  } else if (event.key === "Enter" && (inList || at === document.body) && rows.length) {
    event.preventDefault();
    change({ question: rows[active] });
  }
}
