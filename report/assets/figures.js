// The head of the page and its plots, with the choice of cost, system and theme.

const pictures = new Map([...document.querySelectorAll("#pictures [data-picture]")].map((box) => [box.dataset.picture, box]));

function showHead() {
  document.title = `${figures.task}: cope report`;
  byId("title").textContent = `${figures.task}, ${counted(figures.questions, "question")}`;
  const facts = { ...figures.models, ...figures.facts, [figures.kind]: figures.place };
  setChildren(byId("facts"), Object.entries(facts).map(([name, value]) => el("span", {}, `${name} `, el("b", {}, value))));
  byId("lead").textContent = figures.headline;
  const notes = figures.systems.flatMap(notesOf);
  setChildren(byId("notes"), notes.map((note) => el("li", {}, note)));
  byId("foot").textContent = `Made by cope ${figures.version}. This page is one file and loads nothing.`;
}

function notesOf(system) {
  const notes = [];
  if (system.errors) notes.push(`${system.name}: a model failed on ${counted(system.errors, "question")}; they are not counted.`);
  if (system.bounds) {
    const [low, high] = system.bounds.map((bound) => percent(bound));
    const lost = Object.entries(system.unknown).map(([why, count]) => `${counted(count, "question")} unknown (${why})`);
    notes.push(`${system.name}: ${lost.join("; ")}. Over all of them accuracy is between ${low} and ${high}.`);
  }
  if (system.against_large) notes.push(`${system.against_large.margin_test.text}.`);
  if (system.repeats) notes.push(`${system.name}: ${system.repeats.text}.`);
  const envelope = figures.envelope?.systems[system.name];
  if (envelope && !(system.name in figures.models)) notes.push(`${envelope.text}.`);
  if (system.cache) notes.push(`${system.name}: ${system.cache}.`);
  return notes;
}

function picture(where, name, otherwise) {
  const box = pictures.get(name);
  setChildren(where, box || el("p", { class: "none" }, otherwise));
}

function showMeasures() {
  const legend = byId("measures").firstElementChild;
  const choices = figures.measures.map((measure) => {
    const isPlotted = pictures.has(`frontier-${measure.name}`);
    const input = el("input", {
      type: "radio", name: "cost", value: measure.name, disabled: !isPlotted, on: { change: () => change({ cost: measure.name }) },
    });
    const title = isPlotted ? measure.words : `${measure.words}: unknown`;
    return el("label", { title }, input, el("span", {}, measure.short));
  });
  setChildren(byId("measures"), legend, choices);
}

function showFrontier() {
  for (const input of byId("measures").querySelectorAll("input")) input.checked = input.value === state.cost;
  picture(byId("frontier"), `frontier-${state.cost}`, "This cost is not known for any system.");
  const hidden = figures.systems.filter((system) => !known(system.use[state.cost]) || !known(system.accuracy));
  const lines = "A gray line joins the systems that no other beats in both accuracy and cost; the dotted one is the best random mixture of two systems. "
    + (figures.swept.settings.length > 1 ? `The pale blue one is ${figures.swept.system} at other thresholds. ` : "");
  const missing = hidden.length ? `Not drawn, as the cost is unknown: ${hidden.map((system) => system.name).join(", ")}. ` : "";
  const replayed = figures.systems.some((system) => !system.own) && figures.kind === "record" ? "Hollow: not recorded, but replayed from the record. " : "";
  const numbers = figures.systems.length > 1 ? "Numbers are those of the list of systems." : "";
  byId("frontier-caption").textContent = (figures.systems.length > 1 ? lines : "") + replayed + missing + numbers;
}

function showSystems() {
  const measure = figures.measures.find((one) => one.name === state.cost);
  const order = figures.systems.map((_, number) => number);
  order.sort((a, b) => figures.systems[a].number - figures.systems[b].number);
  setChildren(byId("systems"), order.map((number) => {
    const system = figures.systems[number];
    const interval = known(system.accuracy) ? `${percent(system.interval[0])} to ${percent(system.interval[1])}` : "no outcome";
    const cost = known(system.use[state.cost]) ? measured(state.cost, system.use[state.cost]) : "unknown";
    const act = () => change({ system: number, page: 0 });
    return el("li", {}, el("button", { type: "button", "aria-pressed": String(number === state.system), on: { click: act } },
      el("b", {}, order.length > 1 ? el("span", { class: "number" }, String(system.number)) : null, system.name), el("span", { class: "value" }, percent(system.accuracy)),
      el("small", {}, interval), el("small", {}, `${measure.short}: ${cost}`)));
  }));
}

function showRounds() {
  const system = figures.systems[state.system];
  byId("rounds").classList.toggle("one", !system.reliability.length);
  byId("h-reliability").textContent = system.trust.heading;
  picture(byId("flow"), `flow-${state.system}`, "No question has an outcome yet.");
  picture(byId("reliability"), `reliability-${state.system}`, figures.domain === "code" ? "No round of this system chooses among several programs." : "No round of this system votes on several answers.");
  const lines = system.reliability.map((row) => system.gates[row.gate].pass_or_fail ? passOrFailWords(row, system.gates[row.gate].pass_or_fail) :
    `Round ${row.round}: calibration error ${row.error.toFixed(3)} over ${counted(row.questions, "question")} (chance alone ${row.chance.toFixed(3)}).`);
  const marks = "blue is accepted, gray is escalated, and larger dots are more questions.";
  if (system.reliability.length) lines.unshift(`${system.trust.caption}; ${marks}`);
  if (system.early && system.reliability.length && !system.trust.pass_or_fail) lines.push("Sampling stopped when a vote was decided: shares are those counted until that moment.");
  for (const [round, count] of Object.entries(system.untold)) lines.push(`Round ${round}: for ${counted(count, "more question")} it is unknown whether the round's answer was right.`);
  byId("reliability-caption").textContent = lines.join(" ");
}

function passOrFailWords(row, texts) {
  const describeLevel = (passes) => {
    const level = row.levels.find((one) => (one.confidence >= 1) === passes);
    return level ? `${whole(level.right)} of ${counted(level.questions, texts.noun)} that ${texts.plural[Number(passes)]} ${level.right === 1 ? "is" : "are"} right` : null;
  };
  return `Round ${row.round}: ${[describeLevel(true), describeLevel(false)].filter(Boolean).join("; ")}.`;
}

function showTime() {
  const isPlotted = pictures.has("time");
  byId("time-section").hidden = false;
  picture(byId("time"), "time", "Unknown: the source does not contain how long its calls took.");
  const timed = figures.systems.filter((system) => system.waited);
  const texts = timed.map((system) => `${system.name} ${seconds(system.waited.median)}, nine of ten within ${seconds(system.waited.p90)}`);
  byId("time-caption").textContent = (isPlotted ? "The machine's time; calls in progress at the same time share it. " : "")
    + (texts.length ? `Median time from question to answer, with other questions in progress: ${texts.join("; ")}.` : "");
}

const themes = ["auto", "light", "dark"];

function keptTheme() {
  try {
    return localStorage.getItem("cope-theme") || "auto";
  } catch {
    return "auto"; // a page opened as a file may have no storage
  }
}

function setTheme(theme) {
  if (theme === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  byId("theme").textContent = `Theme: ${theme}`;
  byId("theme").dataset.theme = theme;
  try {
    localStorage.setItem("cope-theme", theme);
  } catch {
    // there is no storage
  }
}

function startFigures() {
  showHead();
  showMeasures();
  showTime();
  setTheme(themes.includes(keptTheme()) ? keptTheme() : "auto");
  byId("theme").addEventListener("click", () => setTheme(themes[(themes.indexOf(byId("theme").dataset.theme) + 1) % themes.length]));
  byId("frontier").addEventListener("click", (event) => {
    const mark = event.target.closest("[data-mark]");
    if (mark) change({ system: Number(mark.dataset.mark.split("-")[1]), page: 0 });
  });
  for (const id of ["system-rounds", "system-questions"]) {
    setChildren(byId(id), figures.systems.map((system, number) => el("option", { value: number }, system.name)));
    byId(id).addEventListener("change", (event) => change({ system: Number(event.target.value), page: 0 }));
  }
  onState(() => {
    for (const id of ["system-rounds", "system-questions"]) byId(id).value = state.system;
    showFrontier();
    showSystems();
    showRounds();
  });
}
