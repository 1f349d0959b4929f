// The base of the script: the data, the state in the address, elements, and the formats of numbers.

const figures = JSON.parse(document.getElementById("figures-data").textContent);
const index = JSON.parse(document.getElementById("index-data").textContent);
const byId = (id) => document.getElementById(id);

// Create an element. Texts become text nodes, so that text written by a model is never parsed as HTML.
function el(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "on") for (const [event, act] of Object.entries(value)) element.addEventListener(event, act);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== ""));
  return element;
}

const setChildren = (where, ...children) => where.replaceChildren(...children.flat().filter(Boolean));

// Formats of numbers. An unknown number is shown as "unknown", never as 0.
const known = (value) => value !== null && value !== undefined;
const whole = (value) => (known(value) ? Math.round(value).toLocaleString("en") : "unknown");
// Halves are rounded to the even digit, as Python does.
const shares = [0, 1].map((digits) => new Intl.NumberFormat("en", {
  style: "percent", minimumFractionDigits: digits, maximumFractionDigits: digits, roundingMode: "halfEven", useGrouping: false,
}));
const percent = (value, digits = 1) => (known(value) ? shares[digits].format(value) : "unknown");
const short = (value) =>
  !known(value) ? "unknown" : value === 0 ? "0" : value >= 100 ? whole(value) : String(Number(value.toPrecision(3)));
const seconds = (value) => (known(value) ? `${value < 100 ? Number(value.toPrecision(3)) : whole(value)} s` : "unknown");
const money = (value) => (known(value) ? `$${value === 0 ? "0" : value < 0.01 ? value.toPrecision(2) : value.toFixed(2)}` : "unknown");
const moneyBetween = (low, high) => {
  if (!known(high)) return low ? `at least ${money(low)}` : "unknown";
  return money(low) === money(high) ? money(high) : `${money(low)} to ${money(high)}`;
};
const points = (value) => `${value >= 0 ? "+" : "−"}${Math.abs(100 * value).toFixed(1)}`;
const counted = (count, word) => `${whole(count)} ${word}${count === 1 ? "" : "s"}`;
const measured = (name, value) => ({ cost: money, seconds })[name]?.(value) ?? short(value);

// The state is stored in the address after #, so that a question or a filtered list has a link.
const state = {
  system: 0, question: null, search: "", outcome: "", round: "", escalated: false, differs: false,
  sort: "", flip: "", page: 0, cost: figures.measures[0].name,
};
const watchers = [];
const onState = (act) => watchers.push(act);

function readAddress() {
  const parameters = new URLSearchParams(location.hash.slice(1));
  const named = figures.systems.findIndex((system) => system.name === parameters.get("system"));
  state.system = Math.max(named, 0);
  const wanted = parameters.get("question");
  const position = wanted === null ? -1 : index.rows.findIndex((row) => row[0] === wanted);
  state.question = position < 0 ? null : position;
  for (const name of ["search", "outcome", "round", "sort", "flip"]) state[name] = parameters.get(name) || "";
  for (const name of ["escalated", "differs"]) state[name] = parameters.get(name) === "1";
  state.page = Math.max(0, (Number.parseInt(parameters.get("page"), 10) || 1) - 1);
  const cost = parameters.get("cost");
  state.cost = figures.measures.some((measure) => measure.name === cost) ? cost : figures.measures[0].name;
}

function writeAddress() {
  const parameters = new URLSearchParams();
  if (state.system) parameters.set("system", figures.systems[state.system].name);
  if (state.cost !== figures.measures[0].name) parameters.set("cost", state.cost);
  for (const name of ["search", "outcome", "round", "sort", "flip"]) if (state[name]) parameters.set(name, state[name]);
  for (const name of ["escalated", "differs"]) if (state[name]) parameters.set(name, "1");
  if (state.page) parameters.set("page", state.page + 1);
  if (state.question !== null) parameters.set("question", index.rows[state.question][0]);
  return `#${parameters}`;
}

// Change the state, the address and the page. "Back" undoes the opening and closing of a question.
function change(values) {
  const opens = "question" in values && (values.question === null) !== (state.question === null);
  const before = { ...state };
  Object.assign(state, values);
  const address = writeAddress();
  if (address !== (location.hash || "#")) {
    if (opens) history.pushState(null, "", address);
    else history.replaceState(null, "", address);
  }
  redraw(before);
}

function redraw(before) {
  for (const act of watchers) act(before);
}

// The page contains all details of the questions in compressed parts, which are unpacked on demand.
const parts = [...document.querySelectorAll("script.part")].map((element) => ({ element, loading: null }));

function loadPart(number) {
  const part = parts[number];
  part.loading ??= unpack(part.element.textContent);
  return part.loading;
}

async function unpack(text) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const plain = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(plain).json();
}

async function loadQuestion(row) {
  const part = await loadPart(Math.floor(row / index.part));
  return { ...part.questions[row % index.part], messages: part.messages };
}
