// Draws a record. Texts of models become text nodes, never markup.

import { costPart } from "./cost.js";
import { barRow, capital, element } from "./dom.js";
import { sortedVotes } from "./record.js";

const MOST_ANSWERS = 6;

// Draws a record into a section, and returns what draws its changes.
export function recordView(section, record) {
  const rounds = element("div", "rounds");
  const answer = element("div", "card answer");
  answer.hidden = true;
  section.replaceChildren(element("h2", "asked", record.question), answer, rounds);
  section.hidden = false;
  const drawn = [];

  return () => {
    record.rounds.forEach((round, index) => {
      if (!drawn[index]) {
        drawn[index] = roundView(round);
        rounds.append(drawn[index].card);
      }
      drawn[index].update(record.state === "running");
    });
    if (record.state === "running" && !record.answer) return;
    answer.hidden = false;
    answer.replaceChildren(...answerParts(record));
  };
}

function roundView(round) {
  const heading = element("h3", "", `Round ${round.round} of ${round.rounds}`);
  const state = element("span", "state");
  const plans = element("details", "plans");
  const summary = element("summary", "");
  const list = element("ol", "");
  plans.append(summary, list);
  const counted = element("p", "counted");
  const votes = element("ul", "votes");
  const gate = element("p", "gate");
  const head = element("div", "row head", heading, state);
  const description = element("p", "description", capital(round.description));
  const card = element("article", "card", head, description, plans, counted, votes, gate);
  let seen = 0;

  function update(isRunning) {
    plans.hidden = round.plans.length === 0;
    summary.textContent = round.plans.length === 1 ? "1 plan" : `${round.plans.length} plans`;
    if (!seen && round.plans.length === 1 && round.sharesPlan) plans.open = true;
    for (; seen < round.plans.length; seen += 1) list.append(element("li", "", round.plans[seen]));
    counted.textContent = countText(round);
    drawVotes(votes, round);
    const [word, kind] = stateOf(round, isRunning);
    state.textContent = word;
    card.dataset.state = kind;
    gate.hidden = !round.gate;
    if (round.gate) gate.textContent = capital(round.gate.reason);
  }

  return { card, update };
}

function stateOf(round, isRunning) {
  if (!round.gate) return isRunning ? ["running", "running"] : ["stopped", "stopped"];
  if (round.gate.accepted) return ["✓ accepted", "accepted"];
  return round.round === round.rounds ? ["✗ no answer", "failed"] : ["↑ escalated", "escalated"];
}

function countText(round) {
  let text = `${round.drawn} of ${round.samples} sample${round.samples === 1 ? "" : "s"}`;
  if (round.unread) text += `, ${round.unread} without an answer`;
  if (hasMark(round)) text += `; the mark is at ${Math.round(100 * round.threshold)}%`;
  return text;
}

const hasMark = (round) => round.threshold !== null && round.samples > 1;

function drawVotes(list, round) {
  const votes = sortedVotes(round);
  const rows = votes.slice(0, MOST_ANSWERS).map(([answer, count]) => voteRow(answer, count, round));
  const more = votes.length - rows.length;
  if (more > 0) rows.push(element("li", "more", `${more} more answer${more === 1 ? "" : "s"}`));
  list.replaceChildren(...rows);
  list.hidden = rows.length === 0;
}

function voteRow(answer, count, round) {
  const row = barRow(answer, count / round.samples, `${count} of ${round.samples}`);
  if (hasMark(round)) {
    const mark = element("div", "needed");
    mark.style.left = `${Math.min(100, 100 * round.threshold)}%`;
    row.querySelector(".track").append(mark);
  }
  return row;
}

function answerParts(record) {
  const parts = [];
  if (record.answer) parts.push(element("p", "text", record.answer));
  else if (record.state === "done") parts.push(element("p", "none", "No answer could be read."));
  if (record.error) parts.push(element("p", "error", capital(record.error)));
  if (record.state === "stopped") parts.push(element("p", "none", "Stopped."));
  if (!record.cope) return parts;
  const facts = element("dl", "facts");
  const add = (name, value) => {
    facts.append(element("div", "", element("dt", "", name), element("dd", "", value)));
  };
  if (record.cope.confidence !== null) add("Confidence", `${Math.round(100 * record.cope.confidence)}%`);
  add("Round", `${record.cope.round}`);
  if (record.cope.seconds !== null) add("Time", `${record.cope.seconds.toFixed(1)} s`);
  parts.push(facts, ...costPart(record.cope));
  return parts;
}
