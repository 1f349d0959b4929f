// An episode as a story: what a player saw, the votes, the plan, and the action, step by step.

function storyOf(question, details) {
  const steps = details.story || [];
  if (!steps.length) return [];
  const escalated = steps.filter((step) => step.rounds?.length > 1 || step.rounds?.some((round) => !round.accepted)).length;
  const decided = steps.filter((step) => step.rounds?.length).length;
  const head = el("h4", {}, "Episode", el("small", {}, `${counted(decided, "step")}, ${escalated} escalated`));
  return [el("section", { class: "round story" }, head, steps.map((step) => stepBox(question, details, step)))];
}

function stepBox(question, details, step) {
  const attempt = step.attempt > 1 ? ` of attempt ${step.attempt}` : "";
  const last = step.rounds?.[step.rounds.length - 1];
  const title = step.end ? `End${attempt}: ${step.end}` : `Step ${step.step}${attempt}: ${step.action ?? (step.restarts ? "escalated" : "no readable action")}`;
  const how = last ? `round ${last.round}, ${percent(last.confidence)}${known(step.usd) && step.usd > 0 ? `, ${money(step.usd)}` : ""}` : "";
  const rounds = (step.rounds || []).flatMap((round) => stepRound(question, details, step, round));
  return el("details", { class: "sample", open: Boolean(step.end) }, el("summary", {}, el("b", {}, title), el("small", {}, how)),
    el("div", { class: "body" }, labelled("Seen", step.observation, true), rounds));
}

function stepRound(question, details, step, round) {
  const votes = Object.entries(round.votes).map(([action, count]) => `${action}: ${count}`).join(", ") || "no readable action";
  const gate = round.accepted ? "accepted" : "escalated";
  const calls = exchangesOf(question, details, (call) => call.step === step.step && call.round === round.round);
  return [el("p", { class: "why" }, `Round ${round.round}, ${gate}: ${votes}.`), round.plan ? labelled("Plan", round.plan) : null,
    ...(round.thoughts || []).map((text) => labelled("Thought", text)), ...calls];
}
