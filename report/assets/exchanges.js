// The exact messages, settings and reply of the calls of a question.

const PLANS = { plan: "plan", reason: "solution", other: "reply" };

// The calls that a test selects, as elements that can be opened.
function exchangesOf(question, details, fits) {
  return (details.calls || []).filter(fits).map((call) => callDetails(question, call));
}

// The calls that no round of the page has, such as those of a judge, and how many are left out.
function otherExchanges(question, details) {
  const shown = new Set(details.rounds.map((round) => round.number));
  const others = exchangesOf(question, details, (call) => !(details.story && call.step) && (details.story || !shown.has(call.round)));
  const left = details.calls_left_out;
  return [
    ...(others.length ? [el("section", { class: "round" }, el("h4", {}, "Other calls"), others)] : []),
    left ? el("p", { class: "faint" }, `The exact messages of ${counted(left, "more call")} are left out, as the page is long: the run's folder has them.`) : null,
  ].filter(Boolean);
}

function callDetails(question, call) {
  const texts = call.messages.map((place) => {
    const [role, text] = question.messages[place];
    return labelled(role, text, true);
  });
  const settings = call.settings ? `${call.model}; ${call.settings}` : call.model;
  const title = `Exact messages, settings and reply (${call.tier}, ${PLANS[call.role] || "reply"})`;
  return el("details", { class: "call" }, el("summary", {}, title), el("div", { class: "body" },
    texts, labelled("Settings", settings), labelled("reply", call.reply || "(empty)", true)));
}
