// Shows the page again when something happens at the business. The server makes the page; this only exchanges it.
const live = document.getElementById("live");
const tab = crypto.randomUUID();
const seen = [];
let source, waiting, asked = 0;

// While somebody chooses or drags, nothing may move under the hand.
const busy = () => document.querySelector("dialog[open], .dragged") || live.contains(document.activeElement?.closest("form"));

async function refresh() {
  clearTimeout(waiting);
  waiting = null;
  if (document.hidden) return;
  if (busy()) return later(1000);
  const mine = ++asked;
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (mine !== asked || busy()) return;
    // What is on the screen is better than a page that says so, and that would not follow any more.
    if (answer.status === 429 || answer.status >= 500) return later(5000);
    if (answer.redirected || !answer.ok) return location.reload();
    const made = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("live");
    if (!made) return location.reload();
    const [left, top] = scrolled();
    const focus = document.activeElement?.getAttribute("href");
    live.replaceChildren(...made.childNodes);
    const box = live.querySelector(".calendar");
    if (box) box.scrollTo(left, top);
    if (focus) live.querySelector(`[href="${CSS.escape(focus)}"]`)?.focus({ preventScroll: true });
  } catch {
    later(5000);
  }
}

const scrolled = () => {
  const box = live.querySelector(".calendar");
  return box ? [box.scrollLeft, box.scrollTop] : [0, 0];
};
const later = (time) => { waiting ??= setTimeout(refresh, time); };

function follow() {
  source = new EventSource(`${live.dataset.events}?client=${tab}`);
  source.onmessage = (event) => {
    if (event.lastEventId && seen.includes(event.lastEventId)) return;
    seen.push(event.lastEventId);
    seen.splice(0, seen.length - 200);
    later(100);
  };
  source.onerror = () => {
    if (source.readyState !== EventSource.CLOSED) return;
    // The login may have ended: the page says so when it is read again.
    setTimeout(() => { refresh(); follow(); }, 5000);
  };
}

// A tab that was hidden may have missed much, also events: it reads the page again.
document.addEventListener("visibilitychange", () => { if (!document.hidden) refresh(); });
addEventListener("pageshow", (event) => { if (event.persisted) refresh(); });
follow();
