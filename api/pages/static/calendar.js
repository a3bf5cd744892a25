// Drag a booking to another time or person, or tap empty time. Every answer is a page of the server, shown in a dialog; without
// this file the same pages are reached by links.
const dialog = document.getElementById("dialog");
const threshold = 6;
let drag;

const calendar = () => document.querySelector("#live .calendar");
const label = (minute) => `${Math.floor(minute / 60)}:${String(minute % 60).padStart(2, "0")}`;

// The column under a point, and the minute of its day.
function place(x, y, grid = 0) {
  const rows = document.elementsFromPoint(x, Math.max(y, 0)).find((one) => one.matches(".rows[data-day]"));
  if (!rows) return null;
  const box = calendar().dataset;
  const height = rows.getBoundingClientRect();
  const count = Number(/n(\d+)/.exec(rows.className)[1]);
  const row = Math.round(((y - height.top) / height.height) * count);
  const minute = Number(box.first) + Math.max(0, Math.min(count - 1, row)) * Number(box.step);
  return { rows, minute: grid ? Math.floor(minute / grid) * grid : minute };
}

async function show(address, done) {
  const wait = document.createElement("p");
  wait.textContent = dialog.dataset.wait;
  dialog.replaceChildren(wait);
  dialog.showModal();
  dialog.onclose = done;
  try {
    const answer = await fetch(address, { headers: { Accept: "text/html" } });
    if (answer.redirected) return location.assign(address);
    const made = new DOMParser().parseFromString(await answer.text(), "text/html");
    dialog.replaceChildren(...made.getElementById("main").childNodes);
  } catch {
    wait.textContent = dialog.dataset.lost;
  }
  const close = document.createElement("button");
  close.className = "button quiet";
  close.textContent = dialog.dataset.close;
  close.addEventListener("click", () => dialog.close());
  dialog.append(close);
  dialog.querySelector("h1")?.setAttribute("tabindex", "-1");
  (dialog.querySelector("[role=alert] , .go button, h1") ?? close).focus?.();
}

const back = (card) => {
  card.classList.remove("dragged");
  card.style.transform = "";
};

document.addEventListener("pointerdown", (event) => {
  const card = event.target.closest?.("[data-move]");
  if (!card || event.button || event.pointerType === "touch" || event.ctrlKey || event.metaKey) return;
  drag = { card, x: event.clientX, y: event.clientY, top: card.getBoundingClientRect().top, moved: false };
});

document.addEventListener("pointermove", (event) => {
  if (!drag) return;
  const dx = event.clientX - drag.x, dy = event.clientY - drag.y;
  if (!drag.moved && Math.hypot(dx, dy) < threshold) return;
  drag.moved = true;
  drag.card.classList.add("dragged");
  drag.card.style.transform = `translate(${dx}px, ${dy}px)`;
  const at = place(event.clientX, drag.top + dy);
  if (at) drag.card.querySelector(".at").textContent = label(at.minute);
});

document.addEventListener("pointerup", (event) => {
  if (!drag?.moved) return (drag = null);
  const { card, top, y } = drag;
  const at = place(event.clientX, top + event.clientY - y);
  const said = card.querySelector(".at");
  const end = () => { back(card); said.textContent = card.dataset.at; };
  addEventListener("click", (click) => { click.preventDefault(); click.stopPropagation(); }, { capture: true, once: true });
  setTimeout(() => { drag = null; });
  if (!at) return end();
  const query = new URLSearchParams({ day: at.rows.dataset.day, minute: at.minute });
  if (at.rows.dataset.resource) query.set("resource", at.rows.dataset.resource);
  show(`/console/${calendar().dataset.business}/bookings/${card.dataset.move}/move?${query}`, end);
});

// A browser's own dragging of links would end ours.
document.addEventListener("dragstart", (event) => { if (event.target.closest?.("[data-move]")) event.preventDefault(); });
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || !drag) return;
  back(drag.card);
  drag.card.querySelector(".at").textContent = drag.card.dataset.at;
  drag = null;
});

document.addEventListener("click", (event) => {
  if (!event.target.matches?.(".rows[data-day], .rows[data-day] > ol, .rows .closed")) return;
  const at = place(event.clientX, event.clientY, 15);
  if (!at) return;
  const query = new URLSearchParams({ day: at.rows.dataset.day, minute: at.minute });
  if (at.rows.dataset.resource) query.set("resource", at.rows.dataset.resource);
  show(`/console/${calendar().dataset.business}/new?${query}`);
});
