// The filters and the order of the list of questions.

const OUTCOME = { round: 0, right: 1, confidence: 2, answer: 3, differs: 4, tokens: 5, state: 6 };
const outcomeOf = (row) => index.rows[row][3][state.system];
const outcomeField = (row, name) => outcomeOf(row)?.[OUTCOME[name]];

const large = figures.systems.findIndex((system) => system.name === figures.top);
const ofLarge = (row) => index.rows[row][3][large]?.[OUTCOME.right];

const outcomes = {
  "": ["all", () => true],
  right: ["right", (row) => outcomeField(row, "right") === 1],
  wrong: ["wrong", (row) => outcomeField(row, "right") === 0],
  silent: ["no readable answer", (row) => outcomeField(row, "state") === "ok" && outcomeField(row, "answer") === null],
  helped: [`right where ${figures.top} is wrong`, (row) => outcomeField(row, "right") === 1 && ofLarge(row) === 0],
  harmed: [`wrong where ${figures.top} is right`, (row) => outcomeField(row, "right") === 0 && ofLarge(row) === 1],
  error: ["a model failed", (row) => outcomeField(row, "state") === "error"],
  unknown: ["unknown", (row) => outcomeField(row, "state") === "unknown" || !outcomeOf(row) || (outcomeField(row, "state") === "ok" && outcomeField(row, "right") === null)],
};

const sorts = {
  "": ["in order", null],
  unsure: ["least agreement first", (row) => outcomeField(row, "confidence") ?? 2],
  sure: ["most agreement first", (row) => -(outcomeField(row, "confidence") ?? -1)],
  dear: [`most ${figures.top} tokens first`, (row) => -(outcomeField(row, "tokens") ?? -1)],
};

// Lower-case text of each question: the index at first, plans and solutions with the first search.
const shallow = index.rows.map((row) => [row[0], row[1], row[2], ...row[3].map((outcome) => outcome?.[3] ?? "")].join("\n").toLowerCase());
let deep = null;
let deepening = null;

function deepen(then) {
  deepening ??= (async () => {
    const texts = [];
    for (let number = 0; number < parts.length; number += 1) {
      for (const question of (await loadPart(number)).questions) texts.push(textOf(question).toLowerCase());
    }
    deep = texts;
    then();
  })().catch(() => {}); // a browser that cannot unpack searches the index
}

function textOf(question) {
  const pools = Object.values(question.pools).flatMap((pool) =>
    [pool.plan, ...pool.samples.flatMap((sample) => [sample.plan, sample.text, sample.answer, sample.unread, sample.ballot])]);
  return [question.question, question.gold, ...pools].filter(Boolean).join("\n");
}

function chosen() {
  const terms = state.search.toLowerCase().split(/\s+/).filter(Boolean);
  const [, fits] = outcomes[state.outcome] || outcomes[""];
  const round = Number(state.round);
  const flipped = flippedIds();
  const rows = [];
  for (let row = 0; row < index.rows.length; row += 1) {
    if (!fits(row) || (flipped && !flipped.has(index.rows[row][0]))) continue;
    if (round && outcomeField(row, "round") !== round) continue;
    if (state.escalated && !(outcomeField(row, "round") > 1)) continue;
    if (state.differs && outcomeField(row, "differs") !== 1) continue;
    if (terms.length && !terms.every((word) => shallow[row].includes(word) || deep?.[row].includes(word))) continue;
    rows.push(row);
  }
  const by = sorts[state.sort]?.[1];
  if (by) {
    const values = new Map(rows.map((row) => [row, by(row)]));
    rows.sort((a, b) => values.get(a) - values.get(b) || a - b);
  }
  return rows;
}
