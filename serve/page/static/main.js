// Connects the parts of the page.

import { ask, hasKey, KeyNeeded, models, prompts, useKey } from "./api.js";
import { capital, element } from "./dom.js";
import { addChunk, clearHistory, loadHistory, newRecord, saveHistory } from "./record.js";
import { recordView } from "./view.js";

const byId = (id) => document.getElementById(id);
const question = byId("question");
let history = loadHistory();
let running = null;

const KEY_STAYS = "The key stays in this tab until you close it.";

function say(text, isError = false) {
  byId("status").textContent = text;
  byId("status").classList.toggle("error", isError);
}

// Asks for a key, and resolves to whether one was given.
function requestKey(message) {
  const dialog = byId("key-dialog");
  byId("key-text").textContent = `${capital(message)}. ${KEY_STAYS}`;
  byId("key").value = "";
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "given"), { once: true });
  });
}

byId("key-form").addEventListener("submit", (event) => {
  event.preventDefault();
  useKey(byId("key").value.trim());
  byId("change-key").hidden = false;
  byId("key-dialog").close("given");
});
byId("key-cancel").addEventListener("click", () => byId("key-dialog").close());
byId("change-key").addEventListener("click", async () => {
  if (await requestKey("this tab has a key already: a new one takes its place")) await fillModels();
});

// Runs a request, and again with a key where the server needs one.
async function withKey(request) {
  for (;;) {
    try {
      return await request();
    } catch (error) {
      if (!(error instanceof KeyNeeded)) throw error;
      const reason = hasKey() ? error.message : "this server needs a key";
      if (!(await requestKey(reason))) throw error;
    }
  }
}

async function fillModels() {
  try {
    const names = await withKey(models);
    byId("model").replaceChildren(...names.map((name) => element("option", "", name)));
    say("");
  } catch (error) {
    say(capital(error.message), true);
  }
}

function setRunning(controller) {
  running = controller;
  const [shown, hidden] = controller ? [byId("stop"), byId("send")] : [byId("send"), byId("stop")];
  const hadFocus = document.activeElement === hidden;
  shown.hidden = false;
  hidden.hidden = true;
  if (hadFocus) shown.focus();
}

async function answer(text, model) {
  const record = newRecord(text, model);
  const controller = new AbortController();
  const draw = recordView(byId("shown"), record);
  setRunning(controller);
  say("Waiting for the first round");
  try {
    await withKey(async () => {
      for await (const chunk of ask(text, model, controller.signal)) {
        addChunk(record, chunk);
        draw();
        if (chunk.cope_event) say(progressText(record));
      }
    });
    record.state = "done";
    say("Answered");
  } catch (error) {
    record.state = controller.signal.aborted ? "stopped" : "failed";
    if (record.state === "failed") record.error = error.message;
    say(record.state === "stopped" ? "Stopped" : "Failed", record.state === "failed");
  }
  setRunning(null);
  draw();
  history.push(record);
  saveHistory(history);
  drawHistory();
}

function progressText(record) {
  const round = record.rounds.at(-1);
  if (!round) return "";
  const done = round.drawn ? `${round.drawn} of ${round.samples} samples` : "planning and solving";
  return `Round ${round.round} of ${round.rounds}: ${done}`;
}

function drawHistory() {
  byId("past").hidden = history.length === 0;
  const entries = history.map((record) => {
    const said = record.answer || (record.state === "done" ? "no answer" : record.state);
    const parts = [element("span", "q", record.question), element("span", "a", said)];
    const button = element("button", "entry", ...parts);
    button.type = "button";
    button.addEventListener("click", () => {
      if (running) return say("Stop the running question first");
      recordView(byId("shown"), record)();
      byId("shown").scrollIntoView({ block: "start" });
      return say("");
    });
    return element("li", "", button);
  });
  byId("history").replaceChildren(...entries.reverse());
}

byId("ask").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = question.value.trim();
  if (text && !running) answer(text, byId("model").value);
});
byId("stop").addEventListener("click", () => running?.abort());
document.addEventListener("keydown", (event) => {
  const isOpen = document.querySelector("dialog[open]") !== null;
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && event.target === question) {
    byId("ask").requestSubmit();
  } else if (event.key === "Escape" && running && !isOpen) {
    running.abort();
  }
});
byId("forget").addEventListener("click", () => {
  history = [];
  clearHistory();
  drawHistory();
  if (!running) byId("shown").hidden = true;
  question.focus();
});

byId("show-prompts").addEventListener("click", async (event) => {
  event.preventDefault();
  try {
    byId("prompts").textContent = await withKey(() => prompts(byId("model").value));
    byId("prompts-dialog").showModal();
    byId("prompts").scrollTop = 0;
  } catch (error) {
    say(capital(error.message), true);
  }
});
byId("prompts-close").addEventListener("click", () => byId("prompts-dialog").close());

async function start() {
  byId("change-key").hidden = !hasKey();
  drawHistory();
  question.focus();
  await fillModels();
  document.documentElement.dataset.ready = "yes";
}

start();
