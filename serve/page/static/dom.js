// Makes elements. Strings become text nodes, never markup.

export function element(tag, className, ...children) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.append(...children);
  return made;
}

export const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

// A row of a list with a name, a bar and a value. The bar is empty for a share that is not known.
export function barRow(name, share, value) {
  const fill = element("div", "fill");
  fill.style.width = `${Math.min(100, 100 * (share ?? 0))}%`;
  const track = element("div", "track", fill);
  track.setAttribute("aria-hidden", "true");
  const label = element("span", "label", name);
  label.title = name;
  return element("li", share === null ? "unknown" : "", label, track, element("span", "count", value));
}
