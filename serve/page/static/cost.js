// What an answer cost, and what the last tier alone would have cost.

import { barRow, element } from "./dom.js";

export function usd(amount) {
  if (amount === 0) return "$0";
  if (amount >= 1) return `$${amount.toFixed(2)}`;
  const digits = Math.min(12, 1 - Math.floor(Math.log10(amount)));
  return `$${amount.toFixed(digits)}`;
}

export function costPart(cope) {
  const alone = cope.last_tier_alone_usd ?? null;
  const [least, most] = cope.cost === null ? (cope.cost_bounds ?? [null, null]) : [cope.cost, cope.cost];
  const highest = Math.max(most ?? 0, alone ?? 0);
  const bars = element("ul", "votes costs");
  bars.append(row("This answer", least, most, highest, "no price is set"));
  bars.append(row("Last tier alone", alone, alone, highest, "it has not answered yet"));
  const parts = [element("h3", "", "Cost"), bars];
  if (most !== null && alone) parts.push(element("p", "counted", comparison(most / alone)));
  if (cope.usage?.length) parts.push(usageTable(cope.usage));
  return parts;
}

function comparison(ratio) {
  const share = Math.round(100 * Math.abs(1 - ratio));
  if (share === 0) return "As much as the last tier alone (estimated).";
  return `${share}% ${ratio < 1 ? "less" : "more"} than the last tier alone (estimated).`;
}

function row(name, least, most, highest, reason) {
  if (most === null) return barRow(name, null, `unknown: ${reason}`);
  const [from, to] = [usd(least), usd(most)];
  return barRow(name, highest > 0 ? most / highest : 0, from === to ? to : `${from} to ${to}`);
}

function usageTable(rows) {
  const names = ["Tier", "Round", "Role", "Calls", "In", "Out"];
  const head = element("tr", "", ...names.map((name) => element("th", "", name)));
  const body = element("tbody", "");
  for (const use of rows) {
    const cells = [use.tier, use.round, use.role, use.calls, use.prompt_tokens, use.completion_tokens];
    body.append(element("tr", "", ...cells.map((cell) => element("td", "", `${cell ?? "?"}`))));
  }
  const table = element("table", "", element("thead", "", head), body);
  const scroll = element("div", "scroll", table);
  scroll.tabIndex = 0;
  scroll.setAttribute("role", "group");
  scroll.setAttribute("aria-label", "Calls by tier");
  return element("details", "", element("summary", "", "Calls and tokens"), scroll);
}
