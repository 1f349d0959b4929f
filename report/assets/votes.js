// The votes of a round: a bar for the samples that gave the same answer.

// The samples that the system drew, among those in the page.
const drawnOf = (pool, round) => (pool ? pool.samples.filter((sample) => sample.index < round.of) : []);

function votesOf(samples, supporters) {
  const groups = new Map();
  for (const sample of samples) {
    const key = sample.vote ?? (sample.answer === undefined ? "none" : `own ${sample.index}`);
    if (!groups.has(key)) groups.set(key, { key, members: [] });
    groups.get(key).members.push(sample);
  }
  const found = [...groups.values()];
  for (const group of found) {
    group.leads = group.members.some((sample) => sample.index === supporters[0]);
    const first = group.members.find((sample) => sample.index === supporters[0]) || group.members[0];
    group.name = group.key === "none" ? "no answer" : first.ballot ?? first.answer ?? "no answer";
    const verdicts = new Set(group.members.map((sample) => sample.right));
    group.right = group.key === "none" ? undefined : verdicts.size === 1 ? first.right : undefined;
  }
  const rank = (group) => (group.leads ? 0 : group.key === "none" ? 2 : 1);
  return found.sort((a, b) => rank(a) - rank(b) || b.members.length - a.members.length);
}

function votesList(samples, round) {
  const groups = votesOf(samples, round.supporters || []);
  const total = round.votes_of ?? round.of;
  return el("ul", { class: "votes", "aria-label": "Votes" }, groups.map((group) => {
    const count = group.members.length;
    const kind = group.right === undefined ? "" : group.right ? "right" : "wrong";
    const bar = el("span", { class: "track" }, el("span", { class: "fill", style: `display:block;width:${(100 * count) / total}%` }));
    if (known(round.threshold) && !byTests(group)) bar.append(el("span", { class: "gate", style: `left:calc(${100 * round.threshold}% - 1px)`, title: `${percent(round.threshold, 0)} are needed` }));
    return el("li", { class: kind }, el("span", { class: "name", title: group.name }, signOf(group.right), " ", group.name), bar,
      el("span", { class: "count" }, `${count} of ${total}`));
  }));
}

const byTests = (group) => group.members.some((sample) => sample.tests);

function signOf(right) {
  if (right === undefined || right === null) return el("span", { class: "is-open", title: "not scored" }, "·");
  return right ? el("span", { class: "is-right", title: "right" }, "✓") : el("span", { class: "is-wrong", title: "wrong" }, "✗");
}

function sampleDetails(sample, round, exchanges = []) {
  const facts = [];
  if (sample.tests) facts.push(`passes ${sample.tests[0]} of ${counted(sample.tests[1], "shown test")}`);
  if (known(sample.tokens)) facts.push(counted(sample.tokens, "token"));
  if (known(sample.plan_tokens)) facts.push(`and ${whole(sample.plan_tokens)} for its plan`);
  if (known(sample.seconds)) facts.push(seconds(sample.seconds));
  if (sample.variant) facts.push(sample.variant);
  if (sample.cut) facts.push("truncated at the maximum length");
  if (round.accepted && round.of > 1 && round.supporters[0] === sample.index) facts.push("its answer is accepted");
  const brief = sample.answer === undefined ? "no answer could be read" : sample.answer.split("\n")[0];
  const body = [
    labelled("Plan", sample.plan), labelled("Solution", sample.text), labelled("Answer", sample.answer, isCode(sample.answer)),
    sample.tests?.[2] ? labelled("First test that fails", sample.tests[2], true) : null,
    labelled("Votes for", sample.ballot !== sample.answer ? sample.ballot : undefined), labelled("Reply without a readable answer", sample.unread, true), ...exchanges,
  ].filter(Boolean);
  return el("details", { class: "sample" }, el("summary", {}, el("span", {}, `Sample ${sample.index + 1}`), signOf(sample.right),
    el("span", { class: "short" }, brief), el("small", {}, facts.join(", "))), el("div", { class: "body" }, body));
}

const isCode = (text) => figures.domain === "code" || Boolean(text?.includes("\n"));

function labelled(name, text, code) {
  if (text === undefined || text === null || text === "") return null;
  const body = code ? el("pre", {}, text) : el("p", { class: "words", style: "margin:2px 0 0" }, text);
  return el("div", {}, el("span", { class: "label" }, name), body);
}
