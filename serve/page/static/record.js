// What is known about a question: plain data, which the history keeps in this tab.

const STORE = "cope-history";
const MOST = 50;

export function newRecord(question, model) {
  return { question, model, rounds: [], answer: "", cope: null, error: null, state: "running" };
}

// Takes a chunk of the stream into account.
export function addChunk(record, chunk) {
  if (chunk.cope_event) addEvent(record, chunk.cope_event);
  record.answer += chunk.choices?.[0]?.delta?.content ?? "";
  if (chunk.cope) record.cope = chunk.cope;
}

function addEvent(record, event) {
  if (event.type === "round") {
    record.rounds.push({ ...event, plans: [], votes: {}, drawn: 0, unread: 0, gate: null });
    return;
  }
  const round = record.rounds.find((one) => one.round === event.round);
  if (event.type === "plan") {
    round.plans.push(event.plan);
    round.sharesPlan = event.sample === null;
  } else if (event.type === "sample") {
    round.drawn += 1;
    if (event.answer === null) round.unread += 1;
    round.votes = event.votes;
  } else if (event.type === "gate") {
    round.votes = event.votes;
    round.gate = event;
  }
}

export const sortedVotes = (round) =>
  Object.entries(round.votes).sort((one, other) => other[1] - one[1]);

export function loadHistory() {
  try {
    const kept = JSON.parse(sessionStorage.getItem(STORE) ?? "[]");
    return Array.isArray(kept) ? kept : [];
  } catch {
    return [];
  }
}

export function saveHistory(records) {
  for (let most = MOST; most > 0; most = Math.floor(most / 2)) {
    try {
      sessionStorage.setItem(STORE, JSON.stringify(records.slice(-most)));
      return;
    } catch {
      // The tab's store is full: keep fewer.
    }
  }
}

export const clearHistory = () => sessionStorage.removeItem(STORE);
