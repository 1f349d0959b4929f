// One question: the answers of all systems, and the rounds of the chosen one with plans, samples and votes.

let drawing = 0;

function startQuestion() {
  onState(showQuestion);
}

async function showQuestion(before) {
  const open = state.question !== null;
  byId("browser").classList.toggle("open", open);
  byId("question").hidden = !open;
  if (!open) return;
  const moved = !before || before.question !== state.question;
  if (!moved && before.system === state.system) return;
  const ticket = ++drawing;
  try {
    const question = await loadQuestion(state.question);
    if (ticket !== drawing) return; // another question was opened
    drawQuestion(question);
  } catch {
    if (ticket !== drawing) return;
    setChildren(byId("question"), bar(), el("p", { class: "none" }, "This browser cannot unpack the samples: a newer one can (it needs DecompressionStream)."));
  }
  if (moved) {
    byId("question").scrollTop = 0;
    const first = !before || before.question === null;
    if (first) byId("question").focus({ preventScroll: true });
    if (narrow() || !before) byId("browser").scrollIntoView({ block: "start" });
  }
}

const narrow = () => matchMedia("(max-width: 960px)").matches;

function closeQuestion() {
  const row = state.question;
  change({ question: null });
  byId("list").focus({ preventScroll: true });
  byId(`row-${row}`)?.scrollIntoView({ block: "nearest" });
}

function bar() {
  const step = (by, label, sign) => el("button", {
    type: "button", class: "quiet", "aria-label": label, disabled: active + by < 0 || active + by >= rows.length, on: { click: () => move(by) },
  }, sign);
  return el("div", { class: "bar" }, el("h3", {}, index.rows[state.question][0]), step(-1, "Previous question", "‹"), step(1, "Next question", "›"),
    el("button", { type: "button", class: "quiet", id: "close", on: { click: closeQuestion } }, narrow() ? "Back to the list" : "Close"));
}

function drawQuestion(question) {
  const details = question.systems[state.system];
  setChildren(byId("question"), bar(), el("p", { class: "words" }, question.question), gold(question), answers(question),
    ...[details ? outcome(details) : absence()].flat(), details ? (details.story ? storyOf(question, details) : roundsOf(question, details)) : [],
    ...(details ? otherExchanges(question, details) : []), copy());
}

function gold(question) {
  const text = !known(question.gold) ? "unknown" : isCode(question.gold) ? el("pre", {}, question.gold) : el("b", {}, question.gold);
  return el("div", { class: "gold" }, el("span", { class: "label" }, figures.domain === "code" ? "Reference solution " : "Right answer "), text);
}

function answers(question) {
  return el("ul", { class: "answers", "aria-label": "Answers by system" }, figures.systems.map((system, number) => {
    const outcome = index.rows[state.question][3][number];
    const [sign, kind, words] = verdictOf(outcome);
    const answer = figures.domain === "code" ? "" : outcome?.[OUTCOME.answer] ?? "";
    return el("li", {}, el("button", { type: "button", "aria-pressed": String(number === state.system), on: { click: () => change({ system: number }) } },
      el("span", { class: kind }, sign), ` ${system.name}`, el("span", { class: "out" }, ` ${words}`), answer ? `: ${answer}` : ""));
  }));
}

function absence() {
  const outcome = index.rows[state.question][3][state.system];
  const why = outcome ? `Unknown: the record lacks calls that round ${outcome[OUTCOME.round]} needs here.` : "This system was not asked this question.";
  return el("p", { class: "none" }, why);
}

function outcome(details) {
  if (details.error) return el("p", { class: "why is-wrong" }, `A model failed: ${details.error}`);
  const parts = [details.feedback, known(details.seconds) ? `Answered after ${seconds(details.seconds)}, with other questions in progress.` : "", known(details.usd) && details.usd > 0 ? `It cost ${money(details.usd)}.` : ""];
  return parts.filter(Boolean).map((text) => el("p", { class: "why" }, text));
}

function roundsOf(question, details) {
  const system = figures.systems[state.system];
  return system.rounds.flatMap((round, place) => {
    const asked = details.rounds.filter((one) => one.number === round.round);
    if (asked.length) return asked.map((one) => roundBox(question, system, one, details));
    return details.error ? [] : [notNeeded(question, round, place)];
  });
}

function roundBox(question, system, round, details) {
  const about = system.rounds[round.number - 1];
  const pool = question.pools[round.pool];
  const samples = drawnOf(pool, round);
  const own = new Set(samples.map((sample) => sample.index));
  const calls = (fits) => exchangesOf(question, details, (call) => call.round === round.number && fits(call));
  const ends = round.accepted ? `answers: ${round.right === null ? "not scored" : round.right ? "right" : "wrong"}` : "escalates";
  return el("section", { class: "round" }, el("h4", {}, `Round ${round.number}`, el("small", {}, about.words), el("small", { class: round.accepted ? (round.right ? "is-right" : "is-wrong") : "" }, ends)),
    el("p", { class: "why" }, round.why), samples.length ? votesList(samples, round) : null,
    labelled("Plan that all samples share", pool?.plan), round.on && round.on !== pool?.plan ? labelled("Forwarded plan", round.on) : null,
    calls((call) => !own.has(call.sample)),
    samples.length ? samples.map((sample) => sampleDetails(sample, round, calls((call) => call.sample === sample.index))) : el("p", { class: "faint" }, "Its samples were not saved."), openAll(samples), used(round));
}

function openAll(samples) {
  if (samples.length < 2) return null;
  const act = (event) => {
    const boxes = [...event.target.closest("section").querySelectorAll("details.sample")];
    const open = boxes.some((box) => !box.open);
    for (const box of boxes) box.open = open;
    event.target.textContent = open ? "Close all samples" : "Open all samples";
  };
  return el("button", { type: "button", class: "link", on: { click: act } }, "Open all samples");
}

function notNeeded(question, round, place) {
  const number = index.pools[state.system][place];
  const pool = known(number) ? question.pools[number] : null;
  const text = `Round ${round.round} (${round.words}) was not needed.`;
  if (!pool) return el("p", { class: "not-needed" }, text);
  const shown = { of: round.samples, supporters: [], threshold: round.threshold };
  const samples = drawnOf(pool, shown);
  return el("details", { class: "not-needed" }, el("summary", {}, `${text} The record contains it nevertheless.`), votesList(samples, shown),
    labelled("Plan that all samples share", pool.plan), samples.map((sample) => sampleDetails(sample, shown)));
}

function used(round) {
  const lines = round.used.map(([tier, role, calls, prompt, written, usd, time]) => {
    const what = role === "plan" ? "plans" : "solves";
    const parts = [`${whole(prompt)} tokens read`, `${whole(written)} written`, seconds(time) + (known(time) ? " of model time" : " time"), usd === null ? "money unknown" : money(usd)];
    return `${tier} ${what}: ${counted(calls, "call")}, ${parts.join(", ")}.`;
  });
  return lines.length ? el("p", { class: "used" }, lines.join(" ")) : null;
}

function copy() {
  const act = async (event) => {
    try {
      await navigator.clipboard.writeText(location.href);
      event.target.textContent = "Link copied";
    } catch {
      event.target.textContent = "The address of this page is the link";
    }
  };
  return el("div", { class: "tools" }, el("button", { type: "button", class: "link", on: { click: act } }, "Copy a link to this question"));
}
